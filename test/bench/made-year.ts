/**
 * The database of an agent that has read for a year. Only a first day and the last ones go through the agent's own code,
 * poll by poll; the days between are the first one's edges, each so many days later and so many counts higher.
 */
import { type Database, openDatabase } from '../../agent/store/database.ts';
import { rememberDevices } from '../../agent/store/device-store.ts';
import { packEdges, unpackEdges } from '../../agent/store/edge-chunk.ts';
import { migrations } from '../../agent/store/migrations.ts';
import { type NewReading, ReadingStore } from '../../agent/store/reading-store.ts';
import { ReadingTiers } from '../../agent/store/reading-tiers.ts';
import { pruning } from '../../agent/store/retention-plan.ts';
import type { StoredStand } from '../../agent/store/series-stand.ts';
import { epochMs } from '../../broker/protocol/clock.ts';

export const everyMs = 10_000;
const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
export const pollsPerDay = day / everyMs;
export const quantities = ['energyImport', 'energyExport', 'power', 'voltage', 'current'] as const;

export interface Extent {
  readonly devices: number;
  readonly days: number;
  /** Single readings are held so long, and edges at each minute; at least a day. */
  readonly readingDays: number;
  readonly minuteDays: number;
}

/** An agent's store, to be fed. */
export class FedStore {
  readonly database: Database;
  readonly readings: ReadingStore;
  readonly tiers: ReadingTiers;
  readonly #extent: Extent;
  /** Midnight, when the first day begins. */
  readonly #start: number;

  constructor(path: string, start: number, extent: Extent) {
    this.#start = start;
    this.#extent = extent;
    this.database = openDatabase(path, migrations);
    const ids = Array.from({ length: extent.devices }, (_, index) => index + 1);
    const devices = ids.map((address) => ({ id: `d${address - 1}`, port: '/dev/line', address, serial: undefined }));
    rememberDevices(this.database, devices);
    this.readings = new ReadingStore(this.database);
    this.tiers = new ReadingTiers(this.database);
  }

  /** What all devices say at the n-th poll, each a little late. */
  poll(n: number): NewReading[] {
    const seconds = (n * everyMs) / 1000;
    return Array.from({ length: this.#extent.devices }, (_, index) => index + 1).flatMap((device) => {
      const at = epochMs(this.#start + n * everyMs + device * 37 + (((n % 11) + 11) % 11));
      const watts = 200 + 150 * Math.sin(seconds / 3000 + device) + ((Math.abs(n) * 7919 * device) % 100) / 10;
      const count = Math.round(seconds * (0.05 + device / 100)) + 100;
      const values = [count, 0, watts, 229.5 + (Math.abs(n) % 13) / 10, watts / 230];
      return quantities.map((quantity, place) => ({ device, quantity, at, value: values[place] ?? 0 }));
    });
  }

  /** As an agent does: a commit a poll, and what is due each hour. */
  feed(from: number, until: number): void {
    for (let n = from; n < until; n++) {
      this.readings.append(this.poll(n));
      if (n % (hour / everyMs) === 0) this.retain();
    }
  }

  retain(): void {
    while (this.tiers.condense());
    const holdings = this.tiers.holdings();
    if (holdings === undefined) return;
    const { readingDays, minuteDays } = this.#extent;
    const retention = { readingsMs: readingDays * day, minutesMs: minuteDays * day, leastFreeBytes: 0 };
    while (this.tiers.prune(pruning({ ...holdings, freeBytes: 1e12 }, retention)));
  }
}

/** Through the agent's own code from the first poll to the last. */
export function fedYear(path: string, start: number, extent: Extent): FedStore {
  const store = unsafely(new FedStore(path, start, extent));
  store.feed(-minute / everyMs, extent.days * pollsPerDay);
  return safely(store);
}

/** The same, as far as anyone can tell, in a fraction of the time. */
export function madeYear(path: string, start: number, extent: Extent): FedStore {
  const store = unsafely(new FedStore(path, start, extent));
  // Until the first hour of the second day is condensed: what a day counts is known then.
  store.feed(-minute / everyMs, pollsPerDay + (3 * hour) / everyMs + 1);
  // One more than are held: what is forgotten leaves room behind that is written again.
  const later = extent.days - extent.readingDays - 2;
  repeatDay(store, start, later, extent.minuteDays);
  // The last minute was not condensed with the hour.
  const condensed = (later + 1) * pollsPerDay + hour / everyMs;
  store.feed(condensed - minute / everyMs, extent.days * pollsPerDay);
  return safely(store);
}

/** Nobody cuts the power here. */
function unsafely(store: FedStore): FedStore {
  store.database.pragma('synchronous = OFF');
  return store;
}

function safely(store: FedStore): FedStore {
  store.retain();
  store.database.pragma('synchronous = FULL');
  store.database.pragma('wal_checkpoint(TRUNCATE)');
  return store;
}

interface Row {
  readonly from: number;
  readonly series: number;
  readonly edges: Buffer;
  readonly readings: number;
}

type Table = 'quarter_edges' | 'minute_edges';

/** Puts the first day's edges at each of the days after it too, and moves the store on to the last of them. */
function repeatDay({ database, tiers }: FedStore, start: number, days: number, minuteDays: number): void {
  database.transaction(() => {
    const quarters = rowsOf(database, 'quarter_edges');
    const minutes = rowsOf(database, 'minute_edges');
    const counted = countedIn(quarters, start);
    const put = putter(database, counted);
    const isOf = (from: number) => (row: Row) => row.from >= from && row.from < from + day;
    database.exec(
      'DELETE FROM minute_edges; DELETE FROM quarter_edges WHERE from_ms >= 0; DELETE FROM reading_batches',
    );
    for (const row of quarters.filter(({ from }) => from < start)) put('quarter_edges', row, 0);
    for (let shift = 0; shift <= days; shift++) {
      for (const row of quarters.filter(isOf(start))) put('quarter_edges', row, shift);
      if (shift <= days - minuteDays) continue;
      for (const row of minutes.filter(isOf(start))) put('minute_edges', row, shift);
    }
    // The first hour of the day that is not over.
    for (const row of quarters.filter(isOf(start + day))) put('quarter_edges', row, days);
    for (const row of minutes.filter(isOf(start + day))) put('minute_edges', row, days);
    moveOn(database, days, counted);
  })();
  tiers.reload();
}

function rowsOf(database: Database, table: Table): Row[] {
  return database
    .prepare<[], Row>(`SELECT from_ms AS "from", series, edges, readings FROM ${table} ORDER BY from_ms, series`)
    .all();
}

/** What each series comes to in the first day, as edges have it. */
function countedIn(quarters: readonly Row[], start: number): Map<number, number> {
  const totalAt = (from: number, series: number) => {
    const row = quarters.find((one) => one.from === from && one.series === series);
    const edge = row && unpackEdges(row.edges).get(0);
    if (typeof edge !== 'object') throw new Error(`series ${series} is not known at ${from}`);
    return edge.total;
  };
  const series = new Set(quarters.map((row) => row.series));
  return new Map([...series].map((one) => [one, totalAt(start + day, one) - totalAt(start, one)]));
}

function putter(database: Database, counted: ReadonlyMap<number, number>) {
  const puts = (['quarter_edges', 'minute_edges'] as const).map((table) => {
    const sql = `INSERT INTO ${table} (from_ms, series, edges, readings) VALUES (?, ?, ?, ?)`;
    return [table, database.prepare(sql)] as const;
  });
  const of = new Map(puts);
  return (table: Table, { from, series, edges, readings }: Row, days: number) => {
    const more = days * (counted.get(series) ?? 0);
    const shifted = [...unpackEdges(edges)].map(
      ([place, edge]) => [place, typeof edge === 'object' ? { ...edge, total: edge.total + more } : edge] as const,
    );
    of.get(table)?.run(from + days * day, series, packEdges(new Map(shifted)), readings + days * pollsPerDay);
  };
}

/** Where each series stands, as if all these days had been read. */
function moveOn(database: Database, days: number, counted: ReadonlyMap<number, number>): void {
  const rows = database
    .prepare<[], { series: number; kind: string; stand: string }>(
      'SELECT series, quantity AS kind, stand FROM stands JOIN series ON number = series',
    )
    .all();
  const keep = database.prepare('UPDATE stands SET stand = ? WHERE series = ?');
  for (const { series, kind, stand } of rows) {
    const isCounter = kind.startsWith('energy');
    const total = days * (counted.get(series) ?? 0);
    const more = isCounter ? total / 1000 : 0;
    const moved = <Point extends { at: number; value: number }>(point: Point): Point => ({
      ...point,
      at: point.at + days * day,
      value: point.value + more,
    });
    const { last, believed, readings, condensed, ...rest } = JSON.parse(stand) as StoredStand;
    const { before, base } = condensed.carry;
    const carry = {
      ...condensed.carry,
      ...(before && { before: moved(before) }),
      base: isCounter ? base : base + total,
    };
    const lowerAt = believed?.lowerAt === undefined ? {} : { lowerAt: believed.lowerAt + days * day };
    const next = {
      ...rest,
      ...(last && { last: moved(last) }),
      ...(believed && { believed: { ...moved(believed), ...lowerAt } }),
      readings: readings + days * pollsPerDay,
      condensed: { ...condensed, carry },
    };
    keep.run(JSON.stringify(next), series);
  }
  database
    .prepare(
      `UPDATE reading_tiers SET condensed_until_ms = condensed_until_ms + :shift,
         readings_from_ms = condensed_until_ms + :shift, minutes_from_ms = minutes_from_ms + :shift`,
    )
    .run({ shift: days * day });
}
