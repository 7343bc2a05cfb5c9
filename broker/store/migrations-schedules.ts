/**
 * Tables of schedules. Instants are milliseconds.
 */
import type { Migration } from './database.ts';

export const scheduleMigrations: readonly Migration[] = [
  {
    name: '201 schedules',
    sql: `
      CREATE TABLE schedules (
        schedule TEXT PRIMARY KEY,
        cohort TEXT NOT NULL,
        -- JSON: what is asked for, when, and what is made of it.
        terms TEXT NOT NULL,
        -- The end of the last slot that was asked for, or was to be left out.
        done_until_ms INTEGER NOT NULL,
        paused INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      -- A run is stored before its round is opened, by a request that is named after both keys.
      CREATE TABLE schedule_runs (
        schedule TEXT NOT NULL REFERENCES schedules (schedule) ON DELETE CASCADE,
        until_ms INTEGER NOT NULL,
        from_ms INTEGER NOT NULL,
        asked_at_ms INTEGER NOT NULL,
        -- asking, running, opened, failed, refused
        state TEXT NOT NULL,
        -- How many slots before it were left out.
        missed INTEGER NOT NULL,
        round TEXT,
        -- JSON: code, says, remedy.
        error TEXT,
        -- JSON: the prices that were published.
        cents_per_kwh TEXT,
        PRIMARY KEY (schedule, until_ms)
      ) STRICT;
      CREATE INDEX schedule_runs_under_way ON schedule_runs (schedule) WHERE state IN ('asking', 'running');`,
  },
];
