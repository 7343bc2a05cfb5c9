/**
 * What is known of one series at evenly spaced instants, as the bytes of one row. Pure. What is not known takes no bytes.
 */
import type { Edge } from '../tensors/edges.ts';
import { PackReader, PackWriter } from './packing.ts';

/** By place in the row's stretch of time; a place that is missing is a gap. */
export type EdgeChunk = ReadonlyMap<number, Edge>;

const onward = 0;
const newRun = 1;
const reset = 2;
const kinds = 3;

/** @param chunk in order of places */
export function packEdges(chunk: EdgeChunk): Buffer {
  const writer = new PackWriter();
  let [next, total, run] = [0, 0, -1];
  for (const [place, edge] of chunk) {
    if (edge === 'gap') continue;
    const kind = edge === 'reset' ? reset : edge.run === run ? onward : newRun;
    writer.count((place - next) * kinds + kind);
    next = place + 1;
    if (edge === 'reset') continue;
    if (kind === newRun) writer.count(edge.run);
    writer.whole(edge.total - total);
    writer.count(edge.pauseMs);
    [total, run] = [edge.total, edge.run];
  }
  return writer.bytes();
}

export function unpackEdges(bytes: Buffer): Map<number, Edge> {
  const reader = new PackReader(bytes);
  const chunk = new Map<number, Edge>();
  let [next, total, run] = [0, 0, -1];
  while (!reader.isAtEnd) {
    const head = reader.count();
    const place = next + Math.floor(head / kinds);
    next = place + 1;
    if (head % kinds === reset) {
      chunk.set(place, 'reset');
      continue;
    }
    if (head % kinds === newRun) run = reader.count();
    total += reader.whole();
    chunk.set(place, { total, run, pauseMs: reader.count() });
  }
  return chunk;
}
