/**
 * Tables of when the clock was not to be trusted. Instants are milliseconds since 1970.
 */
import type { Migration } from './database.ts';

export const clockMigrations: readonly Migration[] = [
  {
    name: 'clock-1',
    sql: `
      CREATE TABLE clock_doubts (
        from_ms INTEGER PRIMARY KEY, until_ms INTEGER NOT NULL, CHECK (from_ms < until_ms)
      ) STRICT;`,
  },
];
