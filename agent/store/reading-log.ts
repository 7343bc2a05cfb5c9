/**
 * The readings as they came, in the order in which they were committed: all series of a batch in one row.
 */
import type { Statement } from 'better-sqlite3';
import type { Span } from '../../broker/protocol/grid.ts';
import type { Database } from './database.ts';
import { batchesOf, batchSpanMs, packBatch, type SeriesReading, unpackBatch } from './reading-batch.ts';

interface Row {
  readonly until: number;
  readonly readings: Buffer;
}

export class ReadingLog {
  /** Prepared once: they run for each batch. */
  readonly #insert: Statement<[number, Buffer]>;
  readonly #between: Statement<[number, number], Row>;
  readonly #at: Statement<[number], unknown>;

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT INTO reading_batches (until_ms, readings) VALUES (?, ?)');
    this.#at = database.prepare('SELECT 1 FROM reading_batches WHERE until_ms = ?');
    this.#between = database.prepare(
      'SELECT until_ms AS until, readings FROM reading_batches WHERE until_ms BETWEEN ? AND ? ORDER BY until_ms',
    );
  }

  append(readings: readonly SeriesReading[]): void {
    for (const batch of batchesOf(readings)) {
      let key = batch.at(-1)?.at ?? 0;
      while (this.#at.get(key) !== undefined) key += 1;
      this.#insert.run(key, packBatch(batch, key));
    }
  }

  /**
   * All from that instant on, one row after the other: there may be many. Those of a series may be a batch out of order.
   * Nothing else is asked of the database meanwhile.
   */
  *since(from: number): Generator<SeriesReading> {
    for (const { until, readings } of this.#between.iterate(from, Number.MAX_SAFE_INTEGER)) {
      for (const reading of unpackBatch(readings, until)) if (reading.at >= from) yield reading;
    }
  }

  /** @param series left out: of all. @returns in order of time for each series */
  read(from: number, until: number, series?: number): SeriesReading[] {
    return this.#between
      .all(from, until + batchSpanMs)
      .flatMap((row) => unpackBatch(row.readings, row.until, series))
      .filter(({ at }) => at >= from && at <= until)
      .sort((one, other) => one.at - other.at);
  }
}

/** Forgets whole batches that ended before `before`, at most `most` of them. @returns how many */
export function pruneBatches(database: Database, before: number, most: number): number {
  return database
    .prepare(
      'DELETE FROM reading_batches WHERE until_ms IN (SELECT until_ms FROM reading_batches WHERE until_ms < ? LIMIT ?)',
    )
    .run(before, most).changes;
}

/** Takes the readings of these series out of all batches in which they are. @returns how many */
export function eraseFromLog(database: Database, series: ReadonlySet<number>, { from, until }: Span): number {
  const rows = database
    .prepare<[number, number], Row>(
      'SELECT until_ms AS until, readings FROM reading_batches WHERE until_ms >= ? AND until_ms < ?',
    )
    .all(from, until + batchSpanMs);
  const replace = database.prepare('UPDATE reading_batches SET readings = ? WHERE until_ms = ?');
  const remove = database.prepare('DELETE FROM reading_batches WHERE until_ms = ?');
  let erased = 0;
  for (const row of rows) {
    const all = unpackBatch(row.readings, row.until);
    const kept = all.filter((one) => !series.has(one.series) || one.at < from || one.at >= until);
    if (kept.length === all.length) continue;
    erased += all.length - kept.length;
    if (kept.length === 0) remove.run(row.until);
    else replace.run(packBatch(kept, row.until), row.until);
  }
  return erased;
}
