/**
 * The readings of all devices, by series (a device and a quantity) and time; and what is known of each series at the
 * edges of slots, also when its readings are no longer held.
 */
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import { slotEdges } from '../../broker/protocol/grid.ts';
import { type Quantity, quantities } from '../../hardware/quantity.ts';
import type { CounterState, Mark } from '../polling/counter.ts';
import { type Edge, edgesAt, mostGapMs, quarterMs, type Reading } from '../tensors/edges.ts';
import { seenUntil } from './condense-hour.ts';
import type { Database } from './database.ts';
import { EdgeTier, minuteTier, quarterTier } from './edge-tier.ts';
import { emptySeries, type LiveReadings, type LiveSeries, liveReadings } from './live-series.ts';
import type { SeriesReading } from './reading-batch.ts';
import { ReadingLog } from './reading-log.ts';

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
  readonly #live: LiveReadings;
  readonly #log: ReadingLog;
  readonly #minutes: EdgeTier;
  readonly #quarters: EdgeTier;
  /** Called first by all that reads: for who gathers readings before they are stored. */
  beforeReading: () => void = () => {};

  constructor(database: Database) {
    this.#database = database;
    this.#live = liveReadings(database);
    this.#log = new ReadingLog(database);
    this.#minutes = new EdgeTier(database, minuteTier);
    this.#quarters = new EdgeTier(database, quarterTier);
  }

  /**
   * Stores all or none, in one row. A reading that is not after the last of its series is left out: after the clock was
   * put back, time has to catch up first.
   * @returns how many were left out
   */
  append(readings: readonly NewReading[]): number {
    const { condensedUntil } = this.#live.tiers;
    const floor = condensedUntil === undefined ? Number.NEGATIVE_INFINITY : seenUntil(condensedUntil);
    const fresh = new Map<string, { series: LiveSeries; readings: Reading[] }>();
    let leftOut = 0;
    const store = this.#database.transaction(() => {
      for (const { device, quantity, at, value, mark = 'good' } of readings) {
        if (!Number.isFinite(value)) throw new RangeError(`${quantity} of device ${device}: expected a number`);
        const key = `${device} ${quantity}`;
        const entry = fresh.get(key) ?? { series: this.#seriesFor(device, quantity), readings: [] };
        fresh.set(key, entry);
        const last = Math.max(
          entry.readings.at(-1)?.at ?? entry.series.stand.last?.at ?? Number.NEGATIVE_INFINITY,
          floor,
        );
        if (at > last) entry.readings.push({ at, value, mark });
        else leftOut += 1;
      }
      const rows = [...fresh.values()].flatMap(({ series, readings: kept }) =>
        kept.map((one): SeriesReading => ({ series: series.number, ...one })),
      );
      this.#log.append(rows);
    });
    store();
    for (const { series, readings: kept } of fresh.values()) this.#live.add(series, kept);
    return leftOut;
  }

  /** In order of time, with those up to `marginMs` before and after; as far as single readings are still held. */
  around(device: number, quantity: string, from: number, until: number, marginMs: number): Reading[] {
    this.beforeReading();
    const series = this.#live.find(device, quantity);
    if (series === undefined) return [];
    const [first, last] = [from - marginMs, until + marginMs];
    const { oldest } = series.recent;
    if (oldest !== undefined && first >= oldest) return series.recent.between(first, last);
    return this.#log.read(first, last, series.number).map(({ at, value, mark }) => ({ at, value, mark }));
  }

  /**
   * What is known at the edges of a grid.
   * @param gapMs the longest pause that will be bridged
   */
  edges(device: number, quantity: string, grid: Grid, gapMs: number): (Edge | 'condensed')[] {
    this.beforeReading();
    const series = this.#live.find(device, quantity);
    const instants = slotEdges(grid);
    if (series === undefined) return instants.map(() => 'gap');
    const { minutesFrom, readingsFrom } = this.#live.tiers;
    const first = instants[0] ?? 0;
    if (this.#quarters.holds(instants)) return this.#tiered(this.#quarters, series, instants);
    if (this.#minutes.holds(instants) && first >= minutesFrom) {
      return this.#tiered(this.#minutes, series, instants);
    }
    // Readings from before the quarter in which the first edge lies: a level is rounded there.
    const held = instants.filter((instant) => instant - gapMs - quarterMs >= readingsFrom);
    const margin = Math.min(gapMs, mostGapMs) + quarterMs;
    const readings = held.length === 0 ? [] : this.around(device, quantity, held[0] ?? 0, held.at(-1) ?? 0, margin);
    const known = edgesAt(series.kind, readings, held).edges;
    const gone = instants.length - held.length;
    return instants.map((_, edge) => (edge < gone ? 'condensed' : (known[edge - gone] ?? 'gap')));
  }

  /** Where a counter stands by what is stored: the last reading that is believed, and the last after it that are not. */
  standOf(device: number, quantity: string): { readonly last: CounterState; readonly doubtful: readonly Reading[] } {
    const { believed, doubtful = [] } = this.#live.find(device, quantity)?.stand ?? {};
    return { last: believed === undefined ? {} : { last: believed }, doubtful: believed === undefined ? [] : doubtful };
  }

  /**
   * How many readings there were since, whatever became of them. From an instant whose readings are no longer held, days
   * are counted whole.
   */
  extent(device: number, quantity: string, since: number): Extent | undefined {
    this.beforeReading();
    const series = this.#live.find(device, quantity);
    if (series?.stand.last === undefined || series.stand.first === undefined) return undefined;
    const { last, first, readings } = series.stand;
    if (last.at < since) return undefined;
    const until = epochMs(last.at);
    if (since <= first) return { readings, from: epochMs(first), until };
    const oldest = series.recent.oldest ?? Number.POSITIVE_INFINITY;
    if (since < oldest) {
      return { readings: readings - this.#quarters.readingsBefore(series.number, since), from: epochMs(since), until };
    }
    const after = this.around(device, quantity, since, last.at, 0);
    return { readings: after.length, from: epochMs(after[0]?.at ?? since), until };
  }

  /** Whether anything was ever read of it. */
  has(device: number, quantity: string): boolean {
    this.beforeReading();
    return this.#live.find(device, quantity)?.stand.last !== undefined;
  }

  /** The last reading of each of a device's series. */
  last(device: number): StoredReading[] {
    this.beforeReading();
    return this.#live
      .all()
      .filter((series) => series.device === device)
      .flatMap(({ quantity, unit, stand: { last } }) =>
        last === undefined ? [] : [{ quantity, unit, at: epochMs(last.at), value: last.value }],
      );
  }

  #tiered(tier: EdgeTier, series: LiveSeries, instants: readonly number[]): Edge[] {
    const condensedUntil = this.#live.tiers.condensedUntil ?? Number.NEGATIVE_INFINITY;
    const first = series.stand.first ?? Number.POSITIVE_INFINITY;
    const before = instants.filter((instant) => instant < first);
    const old = instants.filter((instant) => instant >= first && instant < condensedUntil);
    const { number, kind, stored } = series;
    const held = tier.edges(number, kind, old, condensedUntil);
    const { carry, quarterWidestMs } = stored.condensed;
    // A pause that lies before what is condensed ends may begin a slot that ends after it.
    const widestMs = Math.max(carry.widestMs, quarterWidestMs, held.widestMs);
    const fresh = instants.slice(before.length + old.length);
    const { edges } = edgesAt(kind, series.recent, fresh, { ...carry, widestMs });
    return [...before.map((): Edge => 'gap'), ...held.edges, ...edges];
  }

  #seriesFor(device: number, quantity: Quantity): LiveSeries {
    const known = this.#live.find(device, quantity);
    if (known !== undefined) return known;
    const { lastInsertRowid } = this.#database
      .prepare('INSERT INTO series (device, quantity, unit) VALUES (?, ?, ?)')
      .run(device, quantity, quantities[quantity].unit);
    return emptySeries(Number(lastInsertRowid), device, quantity);
  }
}
