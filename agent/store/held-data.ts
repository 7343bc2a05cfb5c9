/**
 * All that is held of a home's consumption, whatever became of the devices it is of: to take it out, and to delete it.
 */
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import type { Span } from '../../broker/protocol/grid.ts';
import { isQuantity, quantities } from '../../hardware/quantity.ts';
import { AgentError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { mostGapMs, quarterMs } from '../tensors/edges.ts';
import type { Database } from './database.ts';
import { EnteredStore } from './entered-store.ts';
import { eraseForGood } from './erase.ts';
import type { ReadingStore } from './reading-store.ts';
import { ReadingTiers } from './reading-tiers.ts';

/** What is meant: of one device, or of all and what was entered by hand; in one stretch of time. */
export interface Wanted extends Span {
  readonly device?: string | undefined;
}

export interface HeldSeries {
  readonly series: number;
  /** As it was called last. */
  readonly device: string;
  readonly serial?: string;
  readonly quantity: string;
  readonly unit: string;
  readonly from: EpochMs;
  readonly until: EpochMs;
}

export interface HeldEntered {
  readonly tensor: string;
  readonly quantity: string;
  readonly unit: string;
  readonly from: EpochMs;
  readonly until: EpochMs;
}

export interface Held {
  readonly series: readonly HeldSeries[];
  readonly entered: readonly HeldEntered[];
}

/** A reading; where it is so old that only quarters are kept, what a counter showed at one, or a level's mean over one. */
export interface HeldRow {
  readonly at: number;
  readonly until?: number;
  readonly value: number;
  readonly note: '' | 'doubtful' | 'anew' | 'quarter';
}

export interface Erased {
  readonly readings: number;
  readonly entered: number;
}

interface SeriesRow {
  readonly series: number;
  readonly number: number;
  readonly device: string;
  readonly serial: string | null;
  readonly quantity: string;
  readonly unit: string;
}

export class HeldData {
  readonly #database: Database;
  readonly #readings: ReadingStore;
  readonly #entered: EnteredStore;

  constructor(database: Database, readings: ReadingStore) {
    this.#database = database;
    this.#readings = readings;
    this.#entered = new EnteredStore(database);
  }

  /** @throws {AgentError} DEVICE_UNKNOWN */
  list({ device, from, until }: Wanted): Held {
    const series = this.#seriesOf(device).flatMap(({ number, serial, ...row }): HeldSeries[] => {
      const extent = this.#readings.extent(number, row.quantity, from);
      if (extent === undefined || extent.from >= until) return [];
      return [{ ...row, ...(serial !== null && { serial }), from: extent.from, until: epochMs(extent.until + 1) }];
    });
    const entered = this.#entered
      .list()
      .map(({ id, quantity, unit, from: begins, stepMs, slots }) => {
        return { tensor: id, quantity, unit, from: begins, until: epochMs(begins + slots * stepMs) };
      })
      .filter((one) => device === undefined && one.from < until && one.until > from);
    return { series, entered };
  }

  /** In order of time, all that came in `[from, until)`. */
  read(series: number, { from, until }: Span): HeldRow[] {
    const row = this.#seriesOf(undefined).find((one) => one.series === series);
    if (row === undefined) return [];
    const readingsFrom = this.#database
      .prepare<[], number | null>('SELECT readings_from_ms FROM reading_tiers')
      .pluck()
      .get();
    const readings = this.#readings
      .around(row.number, row.quantity, Math.max(from, readingsFrom ?? 0), until - 1, 0)
      .map(({ at, value, mark }): HeldRow => ({ at, value, note: mark === 'good' ? '' : mark }));
    return [...this.#quarters(row, from, Math.min(until, readingsFrom ?? 0)), ...readings];
  }

  #quarters({ number, quantity }: SeriesRow, from: number, until: number): HeldRow[] {
    const first = Math.ceil(from / quarterMs) * quarterMs;
    const slots = Math.floor((until - first) / quarterMs);
    if (slots < 1) return [];
    const isCounter = isQuantity(quantity) && quantities[quantity].kind === 'counter';
    const edges = this.#readings.edges(number, quantity, { from: first, step: quarterMs, slots }, mostGapMs);
    return edges.slice(0, slots).flatMap((edge, slot): HeldRow[] => {
      const [at, next] = [first + slot * quarterMs, edges[slot + 1]];
      if (typeof edge === 'string') return [];
      if (isCounter) return [{ at, value: edge.total / 1000, note: 'quarter' }];
      if (next === undefined || typeof next === 'string' || next.run !== edge.run) return [];
      return [{ at, until: at + quarterMs, value: (next.total - edge.total) / quarterMs, note: 'quarter' }];
    });
  }

  /** What was released of it stays released. @throws {AgentError} DEVICE_UNKNOWN, ERASED_NOT_WHOLLY */
  erase(wanted: Wanted, now: EpochMs): Erased {
    // What waits to be stored would come after it.
    this.#readings.beforeReading();
    const tiers = new ReadingTiers(this.#database);
    const series = this.#seriesOf(wanted.device);
    try {
      return eraseForGood(this.#database, () => ({
        readings: tiers.erase(
          series.map(({ number, quantity }) => ({ device: number, quantity })),
          wanted,
        ),
        entered: wanted.device === undefined ? this.#entered.erase(wanted, now) : 0,
      }));
    } finally {
      tiers.reload();
    }
  }

  #seriesOf(device: string | undefined): SeriesRow[] {
    const rows = this.#database
      .prepare<[], SeriesRow>(
        `SELECT series.number AS series, devices.number, id AS device, serial, quantity, unit
         FROM series JOIN devices ON devices.number = series.device ORDER BY id, devices.number, series.number`,
      )
      .all();
    if (device === undefined) return rows;
    const found = rows.filter((row) => row.device === device || row.serial === device);
    if (found.length > 0) return found;
    const meant = nearest(
      device,
      rows.map((row) => row.device),
    );
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw new AgentError('DEVICE_UNKNOWN', { device, hint });
  }
}
