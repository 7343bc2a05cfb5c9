/**
 * What power and current tell of: they once spent the import alone, and now both directions (`tensors/families.ts`).
 */
import type { Migration } from './database.ts';

export const familyMigrations: readonly Migration[] = [
  {
    name: 'families-1',
    // By the ledger, which says of every release what was asked for. Hours whose export was released besides were given
    // twice; that cannot be mended, and a spent cell is there once.
    sql: `
      INSERT INTO spent_cells (device, family, from_ms, until_ms, round)
      SELECT cell.device, 'export', cell.from_ms, cell.until_ms, cell.round
      FROM spent_cells AS cell JOIN ledger ON ledger.round = cell.round AND ledger.kind = 'released'
      WHERE cell.family = 'import'
        AND json_extract(ledger.details, '$.query.quantity') IN ('power', 'current', 'currentL2', 'currentL3')
        AND NOT EXISTS (
          SELECT 1 FROM spent_cells AS other
          WHERE other.device = cell.device AND other.family = 'export'
            AND other.from_ms < cell.until_ms AND other.until_ms > cell.from_ms
        );`,
  },
];
