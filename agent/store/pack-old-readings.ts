/**
 * Moves readings out of the table in which they lay series by series, into batches. Part of a migration.
 */
import type { Database } from './database.ts';
import { batchSpanMs, type SeriesReading } from './reading-batch.ts';
import { ReadingLog } from './reading-log.ts';

interface Row {
  readonly series: number;
  readonly at: number;
  readonly value: number;
  readonly mark: number;
}

const marks = ['good', 'doubtful', 'anew'] as const;

export function packOldReadings(database: Database): void {
  const log = new ReadingLog(database);
  // By time: the order in which they came. A cursor would be in the way of the inserts.
  database.exec('CREATE INDEX readings_by_time ON readings_by_series (at_ms)');
  const next = database.prepare<[number], { at: number | null }>(
    'SELECT min(at_ms) AS at FROM readings_by_series WHERE at_ms >= ?',
  );
  const within = database.prepare<[number, number], Row>(
    'SELECT series, at_ms AS at, value, mark FROM readings_by_series WHERE at_ms >= ? AND at_ms < ?',
  );
  for (let from = next.get(0)?.at; typeof from === 'number'; from = next.get(from + batchSpanMs)?.at) {
    const rows = within.all(from, from + batchSpanMs);
    log.append(rows.map((row): SeriesReading => ({ ...row, mark: marks[row.mark] ?? 'doubtful' })));
  }
  database.exec('DROP TABLE readings_by_series');
}
