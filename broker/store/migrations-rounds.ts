/**
 * Tables of rosters and rounds. Instants are milliseconds, `round` is the round id in hex, homes are roster indices.
 */
import type { Migration } from './database.ts';

export const roundMigrations: readonly Migration[] = [
  {
    name: '101 rosters and rounds',
    sql: `
      CREATE TABLE rosters (
        hash BLOB PRIMARY KEY,
        cohort TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        signed BLOB NOT NULL,
        published_at_ms INTEGER NOT NULL,
        -- 1 once it is out of use and its retained message was taken back.
        cleared INTEGER NOT NULL DEFAULT 0,
        UNIQUE (cohort, epoch)
      ) STRICT;
      -- The newest agreement key of each home that a roster named: an older one is not published again.
      CREATE TABLE roster_keys (
        home TEXT PRIMARY KEY,
        sequence INTEGER NOT NULL,
        key BLOB NOT NULL
      ) STRICT;

      CREATE TABLE rounds (
        round TEXT PRIMARY KEY,
        cohort TEXT NOT NULL,
        roster BLOB NOT NULL REFERENCES rosters (hash),
        -- The signed announcement, as sent.
        announce BLOB NOT NULL,
        members INTEGER NOT NULL,
        -- JSON: the homes that matched by their catalogues.
        matching TEXT NOT NULL,
        -- The operator's request that opened it: the same again opens nothing new.
        request TEXT NOT NULL UNIQUE,
        announced_at_ms INTEGER NOT NULL,
        -- 1 once it has ended and its retained messages were taken back.
        cleared INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX rounds_by_cohort ON rounds (cohort, announced_at_ms);
      CREATE INDEX rounds_to_clear ON rounds (round) WHERE cleared = 0;

      -- The only copy of a report: opening requests are cut from it whenever they are published.
      CREATE TABLE reports (
        round TEXT NOT NULL REFERENCES rounds (round),
        home INTEGER NOT NULL,
        salt BLOB NOT NULL,
        digest BLOB NOT NULL,
        -- As received; NULL once the round has ended.
        report BLOB,
        PRIMARY KEY (round, home)
      ) STRICT;
      CREATE TABLE declines (
        round TEXT NOT NULL REFERENCES rounds (round),
        home INTEGER NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (round, home)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE contributor_sets (
        round TEXT NOT NULL REFERENCES rounds (round),
        hash BLOB NOT NULL,
        -- Counts from 1; the last one is the one in force.
        number INTEGER NOT NULL,
        signed BLOB NOT NULL,
        PRIMARY KEY (round, number)
      ) STRICT;
      CREATE TABLE answers (
        round TEXT NOT NULL REFERENCES rounds (round),
        contributor_set BLOB NOT NULL,
        home INTEGER NOT NULL,
        sums BLOB NOT NULL,
        PRIMARY KEY (round, contributor_set, home)
      ) STRICT;
      CREATE TABLE results (
        round TEXT PRIMARY KEY REFERENCES rounds (round),
        state TEXT NOT NULL,
        reason TEXT,
        -- Signed JSON, as sent.
        signed TEXT NOT NULL,
        ended_at_ms INTEGER NOT NULL,
        retained_until_ms INTEGER NOT NULL,
        -- 1 while it is kept at the broker.
        retained INTEGER NOT NULL DEFAULT 1
      ) STRICT;
      CREATE INDEX results_retained ON results (retained_until_ms) WHERE retained = 1;`,
  },
  {
    name: '102 waves and complaints',
    sql: `
      -- JSON: the members asked first, while they alone are; rounds of before had asked everyone.
      ALTER TABLE contributor_sets ADD COLUMN wave TEXT NOT NULL DEFAULT '[]';
      CREATE TABLE complaints (
        round TEXT NOT NULL REFERENCES rounds (round),
        contributor_set BLOB NOT NULL,
        -- The member that complains.
        home INTEGER NOT NULL,
        contributor INTEGER NOT NULL,
        PRIMARY KEY (round, contributor_set, home, contributor)
      ) STRICT, WITHOUT ROWID;`,
  },
  {
    name: '103 when cleared',
    sql: `
      -- When the broker acknowledged that the retained messages were taken back; set where cleared is 1.
      ALTER TABLE rounds ADD COLUMN cleared_at_ms INTEGER;
      ALTER TABLE rosters ADD COLUMN cleared_at_ms INTEGER;
      CREATE INDEX rounds_cleared ON rounds (cleared_at_ms) WHERE cleared_at_ms IS NOT NULL;
      CREATE INDEX rosters_cleared ON rosters (cleared_at_ms) WHERE cleared_at_ms IS NOT NULL;
      CREATE INDEX rosters_not_cleared ON rosters (cohort) WHERE cleared = 0;`,
  },
  {
    name: '104 what is forgotten',
    sql: `
      -- JSON, once what single homes said is forgotten: how many reported, answered, and declined by reason.
      ALTER TABLE results ADD COLUMN counts TEXT;
      -- 1 once the bytes of a roster are forgotten: signed is empty then.
      ALTER TABLE rosters ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX rosters_not_forgotten ON rosters (hash) WHERE forgotten = 0 AND cleared = 1;
      CREATE INDEX rounds_by_roster ON rounds (roster);`,
  },
];
