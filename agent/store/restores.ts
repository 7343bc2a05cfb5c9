/**
 * Going on from an older copy: a backup, the last good copy of a damaged database, a copied SD card. Such a copy does
 * not know what was released since it was made, so everything that ended by then counts as spent.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Database } from './database.ts';
import { Ledger, type Restore, restoredEntry } from './ledger.ts';

/**
 * To be called once for each older copy that took the place of the database, on the database as it is then, before
 * the home takes part in anything. All or nothing:
 * - every slot of every source that began before `at` is spent, for ever (refusal CELL_BEFORE_RESTORE);
 * - every agreement key is given up: `loadKeys` erases the files and makes a new one, its sequence above all known;
 * - the catalogue is signed anew, its sequence above all known;
 * - the ledger says so.
 * @param at now, by a clock that is trusted: what the lost database released is from before
 * @param sequencesUntil the highest sequence of this home's that was seen elsewhere
 */
export function noteRestore(
  database: Database,
  { at, cause, sequencesUntil = 0 }: Pick<Restore, 'at' | 'cause'> & { readonly sequencesUntil?: number },
): Restore {
  const restore = { at, cause, spentUntil: Math.max(at, newestInstant(database)) as EpochMs };
  database.transaction(() => {
    database
      .prepare('INSERT INTO restores (at_ms, cause, spent_until_ms, sequences_until) VALUES (?, ?, ?, ?)')
      .run(at, cause, restore.spentUntil, sequencesUntil);
    database.prepare('UPDATE agreement_keys SET erased_at_ms = ? WHERE erased_at_ms IS NULL').run(at);
    database.exec('DELETE FROM published_catalogue');
    new Ledger(database).write(restoredEntry(restore));
  })();
  return restore;
}

/** The last one. */
export function lastRestore(database: Database): Restore | undefined {
  return database
    .prepare<[], Restore>(
      `SELECT at_ms AS at, cause, max(spent_until_ms) AS spentUntil FROM restores HAVING count(*) > 0`,
    )
    .get();
}

/** The highest sequence of a key or catalogue of this home's that a restore has learned of elsewhere. */
export function sequencesUntil(database: Database): number {
  return database.prepare<[], number>('SELECT coalesce(max(sequences_until), 0) FROM restores').pluck().get() ?? 0;
}

/** Where the clock is behind what the copy itself has seen, it is the copy that is right. */
function newestInstant(database: Database): number {
  const newest = `
    SELECT max(at) FROM (
      SELECT max(at_ms) AS at FROM ledger UNION ALL SELECT max(accepted_at_ms) FROM rounds
      UNION ALL SELECT max(until_ms) FROM spent_cells UNION ALL SELECT max(spent_until_ms) FROM restores)`;
  return database.prepare<[], number | null>(newest).pluck().get() ?? 0;
}
