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

/** Line time of a reading, in characters. */
export interface LineTime {
  /** Question, frame of the answer, silences, and the time that a device takes before it answers. */
  readonly perRead: number;
  readonly perRegister: number;
}

const questionAndFrame = 8 + 5;
const silences = 2 * 3.5;
/** From the last byte of the question to the first of the answer, of common meters. */
const usualAnswerMs = 20;

export function lineTimeAt(charMs: number): LineTime {
  return { perRead: questionAndFrame + silences + usualAnswerMs / charMs, perRegister: 2 };
}

/**
 * The blocks that hold all places in the least line time. No two of one kind are equally long, where the limits allow:
 * an answer does not say which registers it bears, so one that comes too late is told from the awaited one by its
 * length alone.
 */
export function planReads(places: readonly Place[], limits: ReadLimits, time: LineTime): Block[] {
  const kinds = [...new Set(places.map(({ kind }) => kind))].sort();
  const blocks = kinds.flatMap((kind) =>
    cheapest(
      places.filter((place) => place.kind === kind),
      limits,
      time,
    ),
  );
  const told: Block[] = [];
  for (const block of blocks) told.push(tellApart(block, told, limits));
  return told;
}

interface Step {
  readonly cost: number;
  /** The last block, and how many places come before it. */
  readonly block?: Block;
  readonly before: number;
}

/** For each number of places, in order of address, the cheapest way to read so many. */
function cheapest(places: readonly Place[], limits: ReadLimits, time: LineTime): Block[] {
  const sorted = [...places].sort((one, other) => one.at - other.at);
  const steps: Step[] = [{ cost: 0, before: 0 }];
  for (let count = 1; count <= sorted.length; count++) {
    let best: Step | undefined;
    for (let before = count - 1; before >= 0; before--) {
      const block = blockOver(sorted.slice(before, count), limits);
      if (block === undefined) break;
      const cost = (steps[before]?.cost ?? 0) + time.perRead + time.perRegister * block.count;
      if (best === undefined || cost < best.cost) best = { cost, block, before };
    }
    if (best !== undefined) steps.push(best);
  }
  const blocks: Block[] = [];
  for (let step = steps[sorted.length]; step?.block !== undefined; step = steps[step.before])
    blocks.unshift(step.block);
  return blocks;
}

/** @returns undefined where one answer cannot hold them all; a single place always has its block */
function blockOver(places: readonly Place[], { longest, largestHole }: ReadLimits): Block | undefined {
  const [first] = places;
  if (first === undefined) return undefined;
  let end = first.at;
  for (const { at, type } of places) {
    if (at - end > largestHole) return undefined;
    end = Math.max(end, at + registersOf(type));
  }
  const count = end - first.at;
  return count <= longest || places.length === 1 ? { kind: first.kind, at: first.at, count } : undefined;
}

function tellApart(block: Block, others: readonly Block[], limits: ReadLimits): Block {
  const taken = new Set(others.filter(({ kind }) => kind === block.kind).map(({ count }) => count));
  // By twos: some devices refuse half a value (Eastron SDM120M protocol V2.5, 2.1).
  for (let count = block.count; count <= Math.min(limits.longest, block.count + limits.largestHole); count += 2) {
    if (!taken.has(count)) return { ...block, count };
  }
  return block;
}
