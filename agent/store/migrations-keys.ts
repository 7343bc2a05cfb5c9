/**
 * The tables of agreement keys and of restores. Each entry is applied once, in order, in a transaction.
 */
import type { Migration } from './database.ts';

export const keyMigrations: readonly Migration[] = [
  {
    name: 'keys-1',
    sql: `
      -- Public keys only. A row comes before its file, and its end before the file's: a file that no row knows of was
      -- made by a newer database than this one.
      CREATE TABLE agreement_keys (
        sequence INTEGER PRIMARY KEY, key BLOB, made_at_ms INTEGER NOT NULL, erased_at_ms INTEGER
      ) STRICT;
      INSERT INTO agreement_keys (sequence, key, made_at_ms)
        SELECT 1, unhex(value), 0 FROM home_settings WHERE name = 'agreement';
      DELETE FROM home_settings WHERE name = 'agreement';

      -- Which of this home's agreement keys a roster names.
      ALTER TABLE rosters ADD COLUMN own_sequence INTEGER NOT NULL DEFAULT 1;

      -- What was released before this home went on from an older copy of itself, nobody knows. Without an end as long
      -- as the time is not trusted.
      CREATE TABLE restores (
        at_ms INTEGER NOT NULL, cause TEXT NOT NULL, sequences_until INTEGER NOT NULL, spent_until_ms INTEGER
      ) STRICT;
      CREATE TRIGGER restores_stay BEFORE DELETE ON restores
      BEGIN SELECT RAISE(ABORT, 'what a restore has spent stays spent'); END;
      CREATE TRIGGER restores_unchanged BEFORE UPDATE ON restores WHEN OLD.spent_until_ms IS NOT NULL
      BEGIN SELECT RAISE(ABORT, 'what a restore has spent stays spent'); END;
      CREATE TRIGGER spent_cells_after_restores BEFORE INSERT ON spent_cells
      WHEN EXISTS (SELECT 1 FROM restores WHERE spent_until_ms IS NULL OR spent_until_ms > NEW.from_ms)
      BEGIN SELECT RAISE(ABORT, 'a cell from before a restore is spent'); END;
    `,
  },
];
