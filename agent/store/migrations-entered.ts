/**
 * Values entered by hand of slots that are not all equally long: days over a change of the clocks.
 */
import type { Migration } from './database.ts';

export const enteredMigrations: readonly Migration[] = [
  {
    name: 'entered-1',
    sql: `
      -- slot counts from the tensor's from_ms in its step_ms; a value is of so many of them.
      ALTER TABLE entered_values ADD COLUMN steps INTEGER NOT NULL DEFAULT 1;`,
  },
];
