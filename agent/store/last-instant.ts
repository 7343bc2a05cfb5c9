/**
 * The latest instant at which anything was stored: a clock that stands before it is wrong.
 */
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import type { Database } from './database.ts';

/** Of those that are written as time goes on. */
const latest = `
  SELECT max(at) FROM (
    SELECT max(until_ms) AS at FROM reading_batches
    UNION ALL SELECT condensed_until_ms FROM reading_tiers
    UNION ALL SELECT max(at_ms) FROM ledger
    UNION ALL SELECT max(entered_at_ms) FROM entered_tensors
    UNION ALL SELECT max(published_at_ms) FROM published_catalogue
    UNION ALL SELECT max(enrolled_at_ms) FROM enrolment
  )`;

export function lastInstant(database: Database): EpochMs | undefined {
  const at = database.prepare<[], number | null>(latest).pluck().get();
  return at === undefined || at === null ? undefined : epochMs(at);
}
