/**
 * Rounds and rosters of which only what binds for ever is left: forget-rounds.ts.
 */
import type { Migration } from './database.ts';

export const forgottenMigrations: readonly Migration[] = [
  {
    name: 'forgotten-1',
    sql: `
      -- When what was received and sent was forgotten: signed, signed_set and bytes are empty from then on.
      ALTER TABLE rounds ADD COLUMN forgotten_at_ms INTEGER;
      ALTER TABLE rosters ADD COLUMN forgotten_at_ms INTEGER;
      CREATE INDEX rounds_held ON rounds (roster, expiry_ms) WHERE forgotten_at_ms IS NULL;`,
  },
];
