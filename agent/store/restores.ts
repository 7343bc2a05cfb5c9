/**
 * Going on from an older copy: a backup, the last good copy of a damaged database, a copied SD card. Such a copy does
 * not know what was released since it was made, so everything that began before counts as spent.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Database } from './database.ts';
import { Ledger, type RestoreCause, restoredEntry } from './ledger.ts';

export interface Restore {
  readonly at: EpochMs;
  readonly cause: RestoreCause;
  /** No hour that began before is ever released; undefined, and then none at all, until the time is trusted. */
  readonly spentUntil: EpochMs | undefined;
}

/**
 * To be called once for each older copy that took the place of the database, on the database as it is then, before
 * the home takes part in anything. All or nothing:
 * - nothing is released until the time is trusted, and from then on no slot that began before that instant, of any
 *   source, for ever (refusal CELL_BEFORE_RESTORE; the running agent calls `settleRestores`);
 * - every agreement key is given up: `loadKeys` erases the files and makes a new one, its sequence above all known;
 * - the catalogue is signed anew, its sequence above all known.
 * @param at by whatever clock there is
 * @param sequencesUntil the highest sequence of this home's that was seen elsewhere
 */
export function noteRestore(
  database: Database,
  { at, cause, sequencesUntil = 0 }: Pick<Restore, 'at' | 'cause'> & { readonly sequencesUntil?: number },
): void {
  database.transaction(() => {
    database
      .prepare('INSERT INTO restores (at_ms, cause, sequences_until) VALUES (?, ?, ?)')
      .run(at, cause, sequencesUntil);
    database.prepare('UPDATE agreement_keys SET erased_at_ms = ? WHERE erased_at_ms IS NULL').run(at);
    database.exec('DELETE FROM published_catalogue');
  })();
}

/**
 * The time is trusted: all that began before counts as released. The ledger says so.
 * @returns what was settled; undefined where nothing was left to settle
 */
export function settleRestores(database: Database, now: EpochMs): Restore | undefined {
  const last = lastRestore(database);
  if (last === undefined || last.spentUntil !== undefined) return undefined;
  // Where the clock is behind what the copy itself has seen, it is the copy that is right.
  const settled = { ...last, spentUntil: Math.max(now, newestInstant(database)) as EpochMs };
  database.transaction(() => {
    database.prepare('UPDATE restores SET spent_until_ms = ? WHERE spent_until_ms IS NULL').run(settled.spentUntil);
    new Ledger(database).write(restoredEntry(settled, now));
  })();
  return settled;
}

export function lastRestore(database: Database): Restore | undefined {
  const row = database
    .prepare<[], Pick<Restore, 'at' | 'cause'> & { spentUntil: EpochMs | null }>(
      `SELECT at_ms AS at, cause, spent_until_ms AS spentUntil FROM restores ORDER BY rowid DESC LIMIT 1`,
    )
    .get();
  return row && { ...row, spentUntil: row.spentUntil ?? undefined };
}

/** Up to where all counts as released: -Infinity without a restore, Infinity for one that is not settled. */
export function spentUntil(database: Database): number {
  const last = lastRestore(database);
  return last === undefined ? Number.NEGATIVE_INFINITY : (last.spentUntil ?? Number.POSITIVE_INFINITY);
}

/**
 * The sequence of a new key or catalogue: the second of its making, or one above the highest known. So it is above that
 * of a gateway that stood here before, and of what only a lost database knew.
 */
export function nextSequence(database: Database, newest: number, now: EpochMs): number {
  return Math.max(Math.floor(now / 1000), Math.max(newest, sequencesUntil(database)) + 1);
}

/** The highest sequence of a key or catalogue of this home's that a restore has learned of elsewhere. */
export function sequencesUntil(database: Database): number {
  return database.prepare<[], number>('SELECT coalesce(max(sequences_until), 0) FROM restores').pluck().get() ?? 0;
}

function newestInstant(database: Database): number {
  const newest = `
    SELECT max(at) FROM (
      SELECT max(at_ms) AS at FROM ledger UNION ALL SELECT max(accepted_at_ms) FROM rounds
      UNION ALL SELECT max(until_ms) FROM spent_cells UNION ALL SELECT max(spent_until_ms) FROM restores)`;
  return database.prepare<[], number | null>(newest).pluck().get() ?? 0;
}
