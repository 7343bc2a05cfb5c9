/**
 * What is known of each series without looking at the disk: where it stands, and its readings that are not condensed
 * yet. One for a database connection, however many ask.
 */
import { type Quantity, quantities } from '../../hardware/quantity.ts';
import type { Kind, Reading } from '../tensors/edges.ts';
import { seenUntil } from './condense-hour.ts';
import type { Database } from './database.ts';
import { ReadingLog } from './reading-log.ts';
import { RecentReadings } from './recent-readings.ts';
import { advance, nothingStands, type Stand, type StoredStand } from './series-stand.ts';

export interface LiveSeries {
  readonly number: number;
  readonly device: number;
  readonly quantity: string;
  readonly kind: Kind;
  readonly unit: string;
  /** Now. */
  stand: Stand;
  /** At the end of what is condensed. */
  stored: StoredStand;
  /** After that, in order of time. */
  readonly recent: RecentReadings;
}

export interface Tiers {
  /** Edges are known before it; undefined as long as nothing is condensed. */
  readonly condensedUntil: number | undefined;
  /** Single readings are held from here on, and edges at each minute. */
  readonly readingsFrom: number;
  readonly minutesFrom: number;
}

const opened = new WeakMap<Database, LiveReadings>();

export function liveReadings(database: Database): LiveReadings {
  let live = opened.get(database);
  if (live === undefined) {
    live = new LiveReadings(database);
    opened.set(database, live);
  }
  return live;
}

export class LiveReadings {
  readonly #database: Database;
  readonly #series = new Map<string, LiveSeries>();
  #tiers: Tiers;

  constructor(database: Database) {
    this.#database = database;
    this.#tiers = tiersIn(database);
    this.reload();
  }

  get tiers(): Tiers {
    return this.#tiers;
  }

  all(): LiveSeries[] {
    return [...this.#series.values()];
  }

  find(device: number, quantity: string): LiveSeries | undefined {
    return this.#series.get(keyOf(device, quantity));
  }

  /** The last reading of any series. */
  newest(): number | undefined {
    const instants = this.all().flatMap(({ stand }) => stand.last?.at ?? []);
    return instants.length === 0 ? undefined : Math.max(...instants);
  }

  /** Once it is stored. */
  add(series: LiveSeries, readings: readonly Reading[]): void {
    this.#series.set(keyOf(series.device, series.quantity), series);
    for (const reading of readings) {
      series.recent.insert(reading);
      series.stand = advance(series.stand, reading);
    }
  }

  /** Once it is stored: the readings that are condensed need not be at hand any more. */
  condensed(
    condensedUntil: number,
    all: readonly { readonly series: LiveSeries; readonly stored: StoredStand }[],
  ): void {
    this.#tiers = { ...this.#tiers, condensedUntil };
    const end = seenUntil(condensedUntil);
    for (const { series, stored } of all) {
      series.stored = stored;
      series.recent.dropUntil(end);
    }
  }

  readTiers(): void {
    this.#tiers = tiersIn(this.#database);
  }

  /** Forgets everything and looks at the disk. */
  reload(): void {
    const database = this.#database;
    this.#tiers = tiersIn(database);
    this.#series.clear();
    const byNumber = new Map<number, LiveSeries>();
    for (const row of seriesRows(database)) {
      const stored = row.stand === null ? nothingStands : (JSON.parse(row.stand) as StoredStand);
      const series = { ...emptySeries(row.number, row.device, row.quantity), unit: row.unit, stand: stored, stored };
      this.#series.set(keyOf(row.device, row.quantity), series);
      byNumber.set(row.number, series);
    }
    const { condensedUntil } = this.#tiers;
    const from = condensedUntil === undefined ? 0 : seenUntil(condensedUntil);
    for (const reading of new ReadingLog(database).since(from)) {
      const series = byNumber.get(reading.series);
      if (series !== undefined && reading.at > (series.stored.last?.at ?? -1)) series.recent.insert(reading);
    }
    for (const series of byNumber.values()) {
      let { stand } = series;
      for (const reading of series.recent) stand = advance(stand, reading);
      series.stand = stand;
    }
  }
}

export function emptySeries(number: number, device: number, quantity: string): LiveSeries {
  const known = quantities[quantity as Quantity];
  const kind = known?.kind ?? 'level';
  return {
    number,
    device,
    quantity,
    kind,
    unit: known?.unit ?? '',
    stand: nothingStands,
    stored: nothingStands,
    recent: new RecentReadings(),
  };
}

function keyOf(device: number, quantity: string): string {
  return `${device} ${quantity}`;
}

interface SeriesRow {
  readonly number: number;
  readonly device: number;
  readonly quantity: string;
  readonly unit: string;
  readonly stand: string | null;
}

function seriesRows(database: Database): SeriesRow[] {
  return database
    .prepare<[], SeriesRow>(
      'SELECT number, device, quantity, unit, stand FROM series LEFT JOIN stands ON stands.series = number ORDER BY number',
    )
    .all();
}

function tiersIn(database: Database): Tiers {
  const row = database
    .prepare<[], { condensed: number | null; readings: number | null; minutes: number | null }>(
      `SELECT condensed_until_ms AS condensed, readings_from_ms AS readings, minutes_from_ms AS minutes
       FROM reading_tiers`,
    )
    .get();
  return {
    condensedUntil: row?.condensed ?? undefined,
    readingsFrom: row?.readings ?? 0,
    minutesFrom: row?.minutes ?? 0,
  };
}
