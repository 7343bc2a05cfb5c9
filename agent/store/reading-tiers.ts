/**
 * Turns readings into edges hour by hour, forgets what has been held long enough, and erases what its owner wants gone.
 */
import type { Span } from '../../broker/protocol/grid.ts';
import { condenseHour, hourMs, seenUntil } from './condense-hour.ts';
import type { Database } from './database.ts';
import { EdgeTier, eraseEdges, minuteTier, pruneEdges, quarterTier } from './edge-tier.ts';
import { type LiveReadings, type LiveSeries, liveReadings } from './live-series.ts';
import { eraseFromLog, pruneBatches } from './reading-log.ts';
import { type Holdings, hourToCondense, type Pruning } from './retention-plan.ts';
import { advance, type StoredStand } from './series-stand.ts';

/** So that no transaction takes long: an hour and a half of a device that is read each second. */
const batchesAtOnce = 5_000;

export class ReadingTiers {
  readonly #database: Database;
  readonly #live: LiveReadings;
  readonly #minutes: EdgeTier;
  readonly #quarters: EdgeTier;

  constructor(database: Database) {
    this.#database = database;
    this.#live = liveReadings(database);
    this.#minutes = new EdgeTier(database, minuteTier);
    this.#quarters = new EdgeTier(database, quarterTier);
  }

  /** Undefined where nothing was ever read. */
  holdings(): Omit<Holdings, 'freeBytes'> | undefined {
    const newest = this.#live.newest();
    if (newest === undefined) return undefined;
    const all = this.#live.all();
    const oldest = all.reduce((least, { recent }) => Math.min(least, recent.oldest ?? least), newest);
    const condensedUntil = this.#live.tiers.condensedUntil ?? Math.floor(oldest / hourMs) * hourMs;
    return { newest, oldest, condensedUntil };
  }

  /** The next hour that is due, in one transaction. @returns whether there was one */
  condense(): boolean {
    const holdings = this.holdings();
    const hour = holdings && hourToCondense(holdings);
    if (hour === undefined) return false;
    const condensedUntil = hour + hourMs;
    const next = this.#database.transaction(() => {
      this.#database.prepare('UPDATE reading_tiers SET condensed_until_ms = ?').run(condensedUntil);
      return this.#live.all().map((series) => ({ series, stored: this.#condenseSeries(series, hour) }));
    })();
    this.#live.condensed(condensedUntil, next);
    return true;
  }

  /** A part of it, in one transaction. @returns whether there may be more */
  prune({ readingsBefore, minutesBefore }: Pick<Pruning, 'readingsBefore' | 'minutesBefore'>): boolean {
    const { readingsFrom, minutesFrom } = this.#live.tiers;
    const pruned = this.#database.transaction(() => {
      // Said first: nothing is answered from what is only half there.
      this.#database
        .prepare('UPDATE reading_tiers SET readings_from_ms = ?, minutes_from_ms = ?')
        .run(Math.max(readingsFrom, readingsBefore), Math.max(minutesFrom, minutesBefore));
      pruneEdges(this.#database, minuteTier, minutesBefore);
      return pruneBatches(this.#database, readingsBefore, batchesAtOnce);
    })();
    this.#live.readTiers();
    return pruned === batchesAtOnce;
  }

  /**
   * Takes series out of every tier, in `[from, until)`. What a counter shows later still tells what it counted meanwhile.
   * @returns how many readings were held of them
   */
  erase(asked: readonly { readonly device: number; readonly quantity: string }[], span: Span): number {
    const isAsked = (one: LiveSeries) =>
      asked.some(({ device, quantity }) => one.device === device && one.quantity === quantity);
    const wanted = this.#live.all().filter(isAsked);
    return this.#database.transaction(() => {
      for (const series of wanted) this.#eraseSeries(series, span);
      return eraseFromLog(this.#database, new Set(wanted.map(({ number }) => number)), span);
    })();
  }

  /** After something was erased, or could not be. */
  reload(): void {
    this.#live.reload();
  }

  /** Free pages within the file: they are written before it grows. */
  freeBytesInFile(): number {
    const [pages, size] = ['freelist_count', 'page_size'].map((name) => this.#database.pragma(name, { simple: true }));
    return Number(pages) * Number(size);
  }

  #condenseSeries({ number, kind, recent, stored }: LiveSeries, hour: number): StoredStand {
    const end = seenUntil(hour + hourMs);
    const stand = recent.between(Number.NEGATIVE_INFINITY, end).reduce(advance, stored);
    const { minutes, quarters, next } = condenseHour(kind, recent, hour, stored.condensed);
    this.#minutes.add(number, hour, minutes, stand.readings);
    this.#quarters.add(number, hour, quarters, stand.readings);
    const condensed = { ...stand, condensed: next };
    this.#keepStand(number, condensed);
    return condensed;
  }

  #keepStand(series: number, stand: StoredStand): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO stands (series, stand) VALUES (?, ?)')
      .run(series, JSON.stringify(stand));
  }

  /** Its edges, and what is known of where it stands. */
  #eraseSeries({ number, stand, stored }: LiveSeries, { from, until }: Span): void {
    eraseEdges(this.#database, minuteTier, number, from, until);
    eraseEdges(this.#database, quarterTier, number, from, until);
    if (from <= (stand.first ?? 0) && until > (stand.last?.at ?? 0)) {
      this.#database.prepare('DELETE FROM stands WHERE series = ?').run(number);
      return;
    }
    const { first, last, believed, doubtful, readings, condensed } = stored;
    const isIn = (reading: { at: number } | undefined) =>
      reading !== undefined && reading.at >= from && reading.at < until;
    const { before, ...rest } = condensed.carry;
    this.#keepStand(number, {
      ...(first !== undefined && { first }),
      ...(last !== undefined && !isIn(last) && { last }),
      ...(believed !== undefined && !isIn(believed) && { believed }),
      doubtful: doubtful.filter((reading) => !isIn(reading)),
      readings,
      // Of a level, nothing is added up across what is gone.
      condensed: { ...condensed, carry: isIn(before) ? { ...rest, run: rest.run + 1 } : condensed.carry },
    });
  }
}
