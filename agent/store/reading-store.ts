/**
 * The readings of all devices, by series (a device and a quantity) and time.
 */
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import { type Quantity, quantities } from '../../hardware/quantity.ts';
import type { Reading } from '../tensors/resampling.ts';
import type { Database } from './database.ts';

/** One value of one quantity from one device at one instant, in the quantity's own unit. */
export interface NewReading {
  /** Number of the device's row. */
  readonly device: number;
  readonly quantity: Quantity;
  readonly at: EpochMs;
  readonly value: number;
}

export interface StoredReading {
  readonly quantity: string;
  readonly unit: string;
  readonly at: EpochMs;
  readonly value: number;
}

export interface Extent {
  readonly readings: number;
  readonly from: EpochMs;
  readonly until: EpochMs;
}

export class ReadingStore {
  readonly #database: Database;
  readonly #series = new Map<string, number>();
  readonly #highest = new Map<number, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Stores all or none. A reading that is not after the last of its series is left out: after the clock was put
   * back, time has to catch up first.
   * @returns how many were left out
   */
  append(readings: readonly NewReading[]): number {
    return this.#database.transaction(() => readings.filter((reading) => !this.#insert(reading)).length)();
  }

  /** In order of time, with those up to `marginMs` before and after. */
  around(device: number, quantity: string, from: number, until: number, marginMs: number): Reading[] {
    const series = this.#find(device, quantity);
    if (series === undefined) return [];
    return this.#database
      .prepare<unknown[], { at: number; value: number; lower: number }>(
        'SELECT at_ms AS at, value, lower FROM readings WHERE series = ? AND at_ms BETWEEN ? AND ? ORDER BY at_ms',
      )
      .all(series, from - marginMs, until + marginMs)
      .map(({ at, value, lower }) => ({ at, value, lower: lower === 1 }));
  }

  /** What is held of a series from `since` on. */
  extent(device: number, quantity: string, since: number): Extent | undefined {
    const series = this.#find(device, quantity);
    if (series === undefined) return undefined;
    const row = this.#database
      .prepare<unknown[], { readings: number; first: number | null; last: number | null }>(
        'SELECT count(*) AS readings, min(at_ms) AS first, max(at_ms) AS last FROM readings WHERE series = ? AND at_ms >= ?',
      )
      .get(series, since);
    if (row === undefined || row.first === null || row.last === null) return undefined;
    return { readings: row.readings, from: epochMs(row.first), until: epochMs(row.last) };
  }

  /** The last reading of each of a device's series. */
  last(device: number): StoredReading[] {
    return this.#database
      .prepare<unknown[], { quantity: string; unit: string; at: number; value: number }>(
        `SELECT quantity, unit, at_ms AS at, value FROM series JOIN readings ON readings.series = series.number
         WHERE device = ? AND at_ms = (SELECT max(at_ms) FROM readings WHERE series = series.number)
         ORDER BY series.number`,
      )
      .all(device)
      .map((row) => ({ ...row, at: epochMs(row.at) }));
  }

  #insert({ device, quantity, at, value }: NewReading): boolean {
    const series = this.#find(device, quantity) ?? this.#create(device, quantity);
    const last = this.#database
      .prepare<unknown[], { at: number | null }>('SELECT max(at_ms) AS at FROM readings WHERE series = ?')
      .get(series);
    if (at <= (last?.at ?? Number.NEGATIVE_INFINITY)) return false;
    const lower = quantities[quantity].kind === 'counter' && value < this.#highestOf(series);
    this.#database
      .prepare('INSERT INTO readings (series, at_ms, value, lower) VALUES (?, ?, ?, ?)')
      .run(series, at, value, lower ? 1 : 0);
    if (!lower) this.#highest.set(series, value);
    return true;
  }

  /** Of a counter: its last reading that was not lower than one before. */
  #highestOf(series: number): number {
    const cached = this.#highest.get(series);
    if (cached !== undefined) return cached;
    const row = this.#database
      .prepare<unknown[], { value: number }>(
        'SELECT value FROM readings WHERE series = ? AND lower = 0 ORDER BY at_ms DESC LIMIT 1',
      )
      .get(series);
    return row?.value ?? Number.NEGATIVE_INFINITY;
  }

  #find(device: number, quantity: string): number | undefined {
    const key = `${device} ${quantity}`;
    const cached = this.#series.get(key);
    if (cached !== undefined) return cached;
    const row = this.#database
      .prepare<unknown[], { number: number }>('SELECT number FROM series WHERE device = ? AND quantity = ?')
      .get(device, quantity);
    if (row !== undefined) this.#series.set(key, row.number);
    return row?.number;
  }

  #create(device: number, quantity: Quantity): number {
    const { lastInsertRowid } = this.#database
      .prepare('INSERT INTO series (device, quantity, unit) VALUES (?, ?, ?)')
      .run(device, quantity, quantities[quantity].unit);
    return Number(lastInsertRowid);
  }
}
