/**
 * Which registers to ask for at once. Pure.
 */

import type { RegisterTypeName } from './register.ts';
import { registersOf } from './register.ts';
import type { Block, RegisterKind } from './rtu-client.ts';

export interface Place {
  readonly kind: RegisterKind;
  readonly at: number;
  readonly type: RegisterTypeName;
}

/** What the device puts up with. */
export interface ReadLimits {
  /** Most registers in one answer. */
  readonly longest: number;
  /** Most registers in a row that may be read though nothing is known of them. */
  readonly largestHole: number;
}

/**
 * Few blocks, that hold all places. No two of one kind are equally long, where the limits allow: an answer does not
 * say which registers it bears, so one that comes too late is told from the awaited one by its length alone.
 */
export function planReads(places: readonly Place[], limits: ReadLimits): Block[] {
  const blocks: Block[] = [];
  for (const place of [...places].sort(byPlace)) {
    const last = blocks.at(-1);
    const joined = last && join(last, place, limits);
    if (joined) blocks[blocks.length - 1] = joined;
    else blocks.push({ kind: place.kind, at: place.at, count: registersOf(place.type) });
  }
  const told: Block[] = [];
  for (const block of blocks) told.push(tellApart(block, told, limits));
  return told;
}

function byPlace(one: Place, other: Place): number {
  return one.kind === other.kind ? one.at - other.at : one.kind < other.kind ? -1 : 1;
}

function join(block: Block, place: Place, limits: ReadLimits): Block | undefined {
  if (block.kind !== place.kind) return undefined;
  const end = Math.max(block.at + block.count, place.at + registersOf(place.type));
  const hole = place.at - (block.at + block.count);
  if (hole > limits.largestHole || end - block.at > limits.longest) return undefined;
  return { ...block, count: end - block.at };
}

function tellApart(block: Block, others: readonly Block[], limits: ReadLimits): Block {
  const taken = new Set(others.filter(({ kind }) => kind === block.kind).map(({ count }) => count));
  // By twos: some devices refuse half a value (Eastron SDM120M protocol V2.5, 2.1).
  for (let count = block.count; count <= Math.min(limits.longest, block.count + limits.largestHole); count += 2) {
    if (!taken.has(count)) return { ...block, count };
  }
  return block;
}
