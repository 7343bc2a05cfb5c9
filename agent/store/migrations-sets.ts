/**
 * The set that was answered, as the utility signed it: what an answer was for can be shown afterwards.
 */
import type { Migration } from './database.ts';

export const setMigrations: readonly Migration[] = [
  { name: 'sets-1', sql: 'ALTER TABLE answers ADD COLUMN signed_set BLOB;' },
];
