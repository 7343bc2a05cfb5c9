/**
 * Readings of all series that are committed together, as the bytes of one row: one page is written, not one a series.
 * Pure.
 */
import type { Mark } from '../polling/counter.ts';
import { PackReader, PackWriter } from './packing.ts';

export interface SeriesReading {
  readonly series: number;
  readonly at: number;
  readonly value: number;
  readonly mark: Mark;
}

/** As they are stored, by their number. */
export const marks: readonly Mark[] = ['good', 'doubtful', 'anew'];

/** The readings of one batch lie within so long: so those of an instant are in the rows up to so long after it. */
export const batchSpanMs = 60_000;

/** In order of time, cut where a batch would span too long. */
export function batchesOf(readings: readonly SeriesReading[]): SeriesReading[][] {
  const batches: SeriesReading[][] = [];
  let from = Number.NEGATIVE_INFINITY;
  for (const reading of readings.toSorted((one, other) => one.at - other.at)) {
    if (reading.at - from >= batchSpanMs) {
      batches.push([]);
      from = reading.at;
    }
    batches.at(-1)?.push(reading);
  }
  return batches;
}

/** @param key of the row: not before the last reading */
export function packBatch(batch: readonly SeriesReading[], key: number): Buffer {
  const writer = new PackWriter(16 * batch.length);
  for (const { series, at, value, mark } of batch) {
    writer.count(series * marks.length + marks.indexOf(mark));
    writer.count(key - at);
    writer.double(value);
  }
  return writer.bytes();
}

/** @param only left out: of all series */
export function unpackBatch(bytes: Buffer, key: number, only?: number): SeriesReading[] {
  const reader = new PackReader(bytes);
  const readings: SeriesReading[] = [];
  while (!reader.isAtEnd) {
    const head = reader.count();
    const series = Math.floor(head / marks.length);
    const at = key - reader.count();
    if (only !== undefined && series !== only) reader.skipDouble();
    else readings.push({ series, at, value: reader.double(), mark: marks[head % marks.length] ?? 'doubtful' });
  }
  return readings;
}
