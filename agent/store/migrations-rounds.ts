/**
 * The tables of what a home has promised, sent and refused. Each entry is applied once, in order, in a transaction.
 */
import type { Migration } from './database.ts';

export const roundMigrations: readonly Migration[] = [
  {
    name: 'rounds-1',
    sql: `
      CREATE TABLE rosters (
        hash TEXT PRIMARY KEY, cohort TEXT NOT NULL, epoch INTEGER NOT NULL, signed BLOB NOT NULL,
        accepted_at_ms INTEGER NOT NULL,
        UNIQUE (cohort, epoch)
      ) STRICT;

      CREATE TABLE agreement_keys_seen (
        home TEXT PRIMARY KEY, sequence INTEGER NOT NULL, key BLOB NOT NULL
      ) STRICT;

      -- A round id is bound for ever to the first hash accepted.
      CREATE TABLE rounds (
        id TEXT PRIMARY KEY, hash TEXT NOT NULL, roster TEXT NOT NULL REFERENCES rosters (hash),
        signed BLOB NOT NULL, expiry_ms INTEGER NOT NULL, accepted_at_ms INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE reports (
        round TEXT PRIMARY KEY REFERENCES rounds (id), bytes BLOB NOT NULL, stored_at_ms INTEGER NOT NULL
      ) STRICT;

      -- No reference to tensors or devices: what was released stays released when those are gone.
      CREATE TABLE spent_cells (
        device TEXT NOT NULL, family TEXT NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
        round TEXT NOT NULL, CHECK (from_ms < until_ms)
      ) STRICT;
      CREATE INDEX spent_cells_by_source ON spent_cells (device, family, until_ms);
      CREATE TRIGGER spent_cells_once BEFORE INSERT ON spent_cells
      WHEN EXISTS (
        SELECT 1 FROM spent_cells
        WHERE device = NEW.device AND family = NEW.family AND from_ms < NEW.until_ms AND until_ms > NEW.from_ms
      )
      BEGIN SELECT RAISE(ABORT, 'a cell is spent once'); END;
      CREATE TRIGGER spent_cells_stay BEFORE DELETE ON spent_cells
      BEGIN SELECT RAISE(ABORT, 'a spent cell stays spent'); END;
      CREATE TRIGGER spent_cells_unchanged BEFORE UPDATE ON spent_cells
      BEGIN SELECT RAISE(ABORT, 'a spent cell stays spent'); END;

      CREATE TABLE answers (
        round TEXT PRIMARY KEY REFERENCES rounds (id), set_hash TEXT NOT NULL, bytes BLOB NOT NULL,
        contributors INTEGER NOT NULL, contributes INTEGER NOT NULL, stored_at_ms INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE results (
        round TEXT PRIMARY KEY REFERENCES rounds (id), text TEXT NOT NULL, received_at_ms INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE ledger (
        id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, code TEXT NOT NULL,
        round TEXT, details TEXT NOT NULL,
        UNIQUE (kind, subject, code)
      ) STRICT;
      CREATE INDEX ledger_by_kind ON ledger (kind, id);

      CREATE TABLE home_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

      CREATE TABLE enrolment (
        only_one INTEGER PRIMARY KEY CHECK (only_one = 1), home TEXT NOT NULL, cohort TEXT NOT NULL,
        authority TEXT NOT NULL, coordinator TEXT NOT NULL, certificate BLOB NOT NULL, enrolled_at_ms INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE published_catalogue (
        only_one INTEGER PRIMARY KEY CHECK (only_one = 1), sequence INTEGER NOT NULL, entries TEXT NOT NULL,
        signed BLOB NOT NULL, published_at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE published_tensors (id TEXT PRIMARY KEY) STRICT;

      CREATE TABLE tariffs (
        cohort TEXT NOT NULL, sequence INTEGER NOT NULL, until_ms INTEGER NOT NULL, text TEXT NOT NULL,
        received_at_ms INTEGER NOT NULL,
        PRIMARY KEY (cohort, sequence)
      ) STRICT;
    `,
  },
];
