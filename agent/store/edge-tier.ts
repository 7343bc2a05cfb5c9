/**
 * Edges of all series at evenly spaced instants: one row for a series and a stretch of time, all series of a stretch
 * side by side.
 */
import type { Statement } from 'better-sqlite3';
import type { Edge, Kind } from '../tensors/edges.ts';
import { minuteMs } from './condense-hour.ts';
import type { Database } from './database.ts';
import { type EdgeChunk, packEdges, unpackEdges } from './edge-chunk.ts';

export interface TierShape {
  readonly table: 'minute_edges' | 'quarter_edges';
  readonly stepMs: number;
  /** Of one row. */
  readonly stretchMs: number;
}

export const minuteTier: TierShape = { table: 'minute_edges', stepMs: minuteMs, stretchMs: 60 * minuteMs };
export const quarterTier: TierShape = { table: 'quarter_edges', stepMs: 15 * minuteMs, stretchMs: 24 * 60 * minuteMs };

export class EdgeTier {
  readonly #shape: TierShape;
  readonly #find: Statement<[number, number], { edges: Buffer }>;
  readonly #put: Statement<[number, number, Buffer, number]>;
  readonly #counted: Statement<[number, number], { readings: number }>;

  constructor(database: Database, shape: TierShape) {
    this.#shape = shape;
    this.#find = database.prepare(`SELECT edges FROM ${shape.table} WHERE from_ms = ? AND series = ?`);
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO ${shape.table} (from_ms, series, edges, readings) VALUES (?, ?, ?, ?)`,
    );
    this.#counted = database.prepare(
      `SELECT readings FROM ${shape.table} WHERE from_ms < ? AND series = ? ORDER BY from_ms DESC LIMIT 1`,
    );
  }

  holds(instants: readonly number[]): boolean {
    return instants.every((instant) => instant % this.#shape.stepMs === 0);
  }

  /**
   * Adds what has become known since.
   * @param from where the places are counted from
   * @param readings how many there were of the series by then
   */
  add(series: number, from: number, edges: EdgeChunk, readings: number): void {
    if (edges.size === 0) return;
    const { stepMs, stretchMs } = this.#shape;
    const stretch = Math.floor(from / stretchMs) * stretchMs;
    const shift = (from - stretch) / stepMs;
    const chunk = this.#chunk(series, stretch);
    for (const [place, edge] of edges) chunk.set(place + shift, edge);
    this.#put.run(stretch, series, packEdges(chunk), readings);
  }

  /**
   * @param instants of the tier, in order of time
   * @returns an edge for each, and of a level the longest pause between the last of them and `until`
   */
  edges(series: number, kind: Kind, instants: readonly number[], until: number): { edges: Edge[]; widestMs: number } {
    return kind === 'counter'
      ? { edges: this.#each(series, instants), widestMs: 0 }
      : this.#all(series, instants, until);
  }

  /** How many readings there were before the stretch in which `instant` lies. */
  readingsBefore(series: number, instant: number): number {
    const stretch = Math.floor(instant / this.#shape.stretchMs) * this.#shape.stretchMs;
    return this.#counted.get(stretch, series)?.readings ?? 0;
  }

  #each(series: number, instants: readonly number[]): Edge[] {
    const { stepMs, stretchMs } = this.#shape;
    let held = { stretch: Number.NaN, chunk: new Map<number, Edge>() };
    return instants.map((instant) => {
      const stretch = Math.floor(instant / stretchMs) * stretchMs;
      if (stretch !== held.stretch) held = { stretch, chunk: this.#chunk(series, stretch) };
      return held.chunk.get((instant - stretch) / stepMs) ?? 'gap';
    });
  }

  /** A pause between two instants that are asked for is one of theirs, so none in between is left out. */
  #all(series: number, instants: readonly number[], until: number): { edges: Edge[]; widestMs: number } {
    const { stepMs, stretchMs } = this.#shape;
    const edges: Edge[] = [];
    let widestMs = 0;
    const first = instants[0] ?? until;
    for (let stretch = Math.floor(first / stretchMs) * stretchMs; stretch < until; stretch += stretchMs) {
      const chunk = this.#chunk(series, stretch);
      const begin = Math.max(stretch, first);
      for (let instant = begin; instant < Math.min(stretch + stretchMs, until); instant += stepMs) {
        const edge = chunk.get((instant - stretch) / stepMs) ?? 'gap';
        // One that is missing in between was erased, or lies in a pause that nothing bridges.
        if (edge !== 'reset') widestMs = Math.max(widestMs, edge === 'gap' ? Number.POSITIVE_INFINITY : edge.pauseMs);
        if (instant !== instants[edges.length]) continue;
        edges.push(typeof edge === 'object' ? { ...edge, pauseMs: widestMs } : edge);
        widestMs = 0;
      }
    }
    return { edges, widestMs };
  }

  #chunk(series: number, stretch: number): Map<number, Edge> {
    const row = this.#find.get(stretch, series);
    return row === undefined ? new Map() : unpackEdges(row.edges);
  }
}

/** Forgets all before the stretch in which `before` lies. @returns how many rows */
export function pruneEdges(database: Database, { table, stretchMs }: TierShape, before: number): number {
  const stretch = Math.floor(before / stretchMs) * stretchMs;
  return database.prepare(`DELETE FROM ${table} WHERE from_ms < ?`).run(stretch).changes;
}

/** Takes the edges of one series in `[from, until)` out. */
export function eraseEdges(database: Database, shape: TierShape, series: number, from: number, until: number): void {
  const { table, stepMs, stretchMs } = shape;
  const rows = database
    .prepare<[number, number, number], { stretch: number; edges: Buffer }>(
      `SELECT from_ms AS stretch, edges FROM ${table} WHERE series = ? AND from_ms > ? AND from_ms < ?`,
    )
    .all(series, from - stretchMs, until);
  for (const { stretch, edges } of rows) {
    const kept = new Map(
      [...unpackEdges(edges)].filter(([place]) => {
        const instant = stretch + place * stepMs;
        return instant < from || instant >= until;
      }),
    );
    if (kept.size === 0) database.prepare(`DELETE FROM ${table} WHERE series = ? AND from_ms = ?`).run(series, stretch);
    else {
      database
        .prepare(`UPDATE ${table} SET edges = ? WHERE series = ? AND from_ms = ?`)
        .run(packEdges(kept), series, stretch);
    }
  }
}
