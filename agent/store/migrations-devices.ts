/**
 * Tables of what is known of devices beyond their rows.
 */
import type { Migration } from './database.ts';

export const deviceMigrations: readonly Migration[] = [
  {
    name: 'devices-1',
    sql: `
      -- Numbers that several devices at once said were theirs: they tell nobody apart.
      CREATE TABLE shared_serials (serial TEXT PRIMARY KEY) STRICT;`,
  },
];
