/**
 * Forgets what was received and sent in rounds in which this home can do nothing any more: the agreement key that their
 * roster names it with is erased. What binds for ever stays: round ids and epochs with the hashes they stand for, spent
 * cells, the ledger with the hash of all that was sent, results.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Database } from './database.ts';

/** So that no transaction takes long; the others at the next time. */
const mostAtOnce = 500;

/** @returns how many rounds were forgotten */
export function forgetRounds(database: Database, now: EpochMs): number {
  const due = database
    .prepare<[EpochMs, number], string>(
      `SELECT id FROM rounds JOIN rosters ON rosters.hash = roster JOIN agreement_keys ON sequence = own_sequence
       WHERE rounds.forgotten_at_ms IS NULL AND erased_at_ms IS NOT NULL AND expiry_ms < ? LIMIT ?`,
    )
    .pluck();
  const round = database.prepare("UPDATE rounds SET signed = x'', forgotten_at_ms = ? WHERE id = ?");
  const report = database.prepare("UPDATE reports SET bytes = x'' WHERE round = ?");
  const answer = database.prepare("UPDATE answers SET bytes = x'', signed_set = NULL WHERE round = ?");
  return database.transaction(() => {
    const ids = due.all(now, mostAtOnce);
    for (const id of ids) {
      round.run(now, id);
      report.run(id);
      answer.run(id);
    }
    forgetRosters(database, now);
    return ids.length;
  })();
}

/** Those that no round needs. */
function forgetRosters(database: Database, now: EpochMs): void {
  database
    .prepare(
      `UPDATE rosters SET signed = x'', forgotten_at_ms = ?
       WHERE forgotten_at_ms IS NULL
         AND own_sequence IN (SELECT sequence FROM agreement_keys WHERE erased_at_ms IS NOT NULL)
         AND NOT EXISTS (SELECT 1 FROM rounds WHERE roster = rosters.hash AND rounds.forgotten_at_ms IS NULL)`,
    )
    .run(now);
}
