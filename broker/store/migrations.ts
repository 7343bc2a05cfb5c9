/**
 * Tables of the broker but those of the rounds (migrations-rounds.ts). Instants are milliseconds.
 */
import type { Migration } from './database.ts';

export const migrations: readonly Migration[] = [
  {
    name: '001 homes',
    sql: `
      -- Approved homes, one row each.
      CREATE TABLE homes (
        home TEXT PRIMARY KEY,
        cohort TEXT NOT NULL,
        identity BLOB NOT NULL,
        certificate BLOB NOT NULL,
        claim TEXT NOT NULL,
        approved_at_ms INTEGER NOT NULL
      ) STRICT;
      -- Keys that ask for a home's name and wait for the operator; several may ask for one name.
      CREATE TABLE enrolment_requests (
        home TEXT NOT NULL,
        identity BLOB NOT NULL,
        claim TEXT NOT NULL,
        asked_at_ms INTEGER NOT NULL,
        PRIMARY KEY (home, identity)
      ) STRICT;
      -- One list per cohort and epoch, ever: the authority does not tell different homes different things.
      CREATE TABLE member_lists (
        cohort TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        signed BLOB NOT NULL,
        PRIMARY KEY (cohort, epoch)
      ) STRICT;
      CREATE TABLE agreement_keys (
        home TEXT PRIMARY KEY REFERENCES homes (home),
        sequence INTEGER NOT NULL,
        signed BLOB NOT NULL
      ) STRICT;
      CREATE TABLE catalogues (
        home TEXT PRIMARY KEY REFERENCES homes (home),
        sequence INTEGER NOT NULL,
        signed BLOB NOT NULL
      ) STRICT;`,
  },
  {
    name: '002 tariffs and operator requests',
    sql: `
      CREATE TABLE tariffs (
        cohort TEXT PRIMARY KEY,
        sequence INTEGER NOT NULL,
        until_ms INTEGER NOT NULL,
        signed TEXT NOT NULL
      ) STRICT;
      -- Requests that change something. A row without outcome is a round still running.
      CREATE TABLE operator_requests (
        request TEXT PRIMARY KEY,
        payload_hash BLOB NOT NULL,
        round TEXT,
        outcome TEXT,
        at_ms INTEGER NOT NULL
      ) STRICT;`,
  },
];
