/**
 * The readings of all devices, by series (a device and a quantity) and time.
 */
import type { Statement } from 'better-sqlite3';
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import { type Quantity, quantities } from '../../hardware/quantity.ts';
import { type CounterState, type Mark, readsToBelieve } from '../polling/counter.ts';
import type { Reading } from '../tensors/resampling.ts';
import type { Database } from './database.ts';

/** One value of one quantity from one device at one instant, in the quantity's own unit. */
export interface NewReading {
  /** Number of the device's row. */
  readonly device: number;
  readonly quantity: Quantity;
  readonly at: EpochMs;
  readonly value: number;
  /** Of a counter; left out: good. */
  readonly mark?: Mark;
}

/** The marks as they are stored, by their number. */
const marks: readonly Mark[] = ['good', 'doubtful', 'anew'];
/** Those that are believed, for the queries. */
const believed = 'mark <> 1';

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
  /** Prepared once: they run for each reading of each device. */
  readonly #lastOf: Statement<[number], { at: number | null }>;
  readonly #insertOne: Statement<[number, number, number, number]>;

  constructor(database: Database) {
    this.#database = database;
    this.#lastOf = database.prepare('SELECT max(at_ms) AS at FROM readings WHERE series = ?');
    this.#insertOne = database.prepare('INSERT INTO readings (series, at_ms, value, mark) VALUES (?, ?, ?, ?)');
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
      .prepare<unknown[], { at: number; value: number; mark: number }>(
        'SELECT at_ms AS at, value, mark FROM readings WHERE series = ? AND at_ms BETWEEN ? AND ? ORDER BY at_ms',
      )
      .all(series, from - marginMs, until + marginMs)
      .map(({ at, value, mark }) => ({ at, value, mark: marks[mark] ?? 'doubtful' }));
  }

  /** Where a counter stands by what is stored: the last reading that is believed, and the last after it that are not. */
  standOf(device: number, quantity: string): { readonly last: CounterState; readonly doubtful: readonly Reading[] } {
    const series = this.#find(device, quantity);
    const last = series === undefined ? undefined : this.#lastBelieved(series, Number.MAX_SAFE_INTEGER);
    if (series === undefined || last === undefined) return { last: {}, doubtful: [] };
    const lower = this.#lastBelieved(series, last.value);
    const anewSince = this.#database.prepare(
      'SELECT 1 FROM readings WHERE series = ? AND at_ms > ? AND mark = 2 LIMIT 1',
    );
    const lowerAt = lower === undefined || anewSince.get(series, lower.at) !== undefined ? undefined : lower.at;
    const doubtful = this.#database
      .prepare<unknown[], { at: number; value: number }>(
        'SELECT at_ms AS at, value FROM readings WHERE series = ? AND at_ms > ? ORDER BY at_ms DESC LIMIT ?',
      )
      .all(series, last.at, readsToBelieve - 1)
      .reverse();
    return {
      last: { last: { ...last, lowerAt } },
      doubtful: doubtful.map((reading) => ({ ...reading, mark: 'doubtful' })),
    };
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

  #insert({ device, quantity, at, value, mark = 'good' }: NewReading): boolean {
    const series = this.#find(device, quantity) ?? this.#create(device, quantity);
    const last = this.#lastOf.get(series);
    if (at <= (last?.at ?? Number.NEGATIVE_INFINITY)) return false;
    this.#insertOne.run(series, at, value, marks.indexOf(mark));
    return true;
  }

  #lastBelieved(series: number, below: number): { at: number; value: number } | undefined {
    return this.#database
      .prepare<unknown[], { at: number; value: number }>(
        `SELECT at_ms AS at, value FROM readings WHERE series = ? AND ${believed} AND value < ? ORDER BY at_ms DESC LIMIT 1`,
      )
      .get(series, below);
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
