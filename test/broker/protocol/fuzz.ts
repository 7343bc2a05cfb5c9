/** Messages changed at random by the thousand: what becomes of them, and what they cost. */
import { CodedError } from '../../../broker/protocol/errors.ts';
import { mutate } from '../../hardware/mutations.ts';
import { randomBits } from '../../random.ts';
import { jsonKinds, jsonSamples } from './json-samples.ts';
import { type MessageSample, messageSamples, sealedSamples } from './message-samples.ts';

export interface Fuzzed {
  /** Well formed all the same, and encoded again the same bytes. */
  readonly taken: number;
  readonly refused: number;
  /** In hex: taken, and encoded again other bytes; or let through by a deeper check though they are no message. */
  readonly unsound: readonly string[];
  /** By the quickest of a few runs: the one that nobody else disturbed. */
  readonly longestMs: number;
  readonly over1Ms: number;
  /** The most that one allocated, of those at which it was looked. */
  readonly mostBytes: number;
}

/** CBOR, which is most of what is sent; and JSON, signed and not. */
export const fuzzedNames = [...Object.keys(messageSamples), ...Object.keys(sealedSamples)];
/** With how many kinds of its message each shares what is done to that message. */
export const fuzzedJson: ReadonlyMap<string, number> = new Map(
  Object.values(jsonKinds).flatMap((kinds) => Object.keys(kinds).map((name) => [name, Object.keys(kinds).length])),
);

/** Every so many the deeper checks, which sign and verify, and the memory. */
const everyNth = 50;

/** A reader that is slow is slow again; a thread that stood still while others ran is not. */
const mostRepeats = 20;

function quickestOf(firstMs: number, work: () => unknown): number {
  let quickest = firstMs;
  for (let time = 0; quickest > 1 && time < mostRepeats; time += 1) {
    const started = performance.now();
    work();
    quickest = Math.min(quickest, performance.now() - started);
  }
  return quickest;
}

/** @throws whatever is no refusal: a fault of the reader */
export function fuzz(name: string, mutations: number): Fuzzed {
  // Most of what is thrown here is thrown away, and writing down where it came from takes most of the time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return fuzzed(name, mutations);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function fuzzed(name: string, mutations: number): Fuzzed {
  const sealed = sealedSamples[name];
  const sample = sealed ?? messageSamples[name] ?? (jsonSamples[name] as MessageSample);
  const good = Buffer.from(sample.good);
  const random = randomBits(mutations + good.length);
  const counts = { taken: 0, refused: 0, longestMs: 0, over1Ms: 0, mostBytes: 0 };
  const unsound: string[] = [];
  for (let nth = 0; nth < mutations; nth += 1) {
    const bytes = mutate(good, random);
    const looks = nth % everyNth === 0;
    const before = looks ? process.memoryUsage() : undefined;
    const started = performance.now();
    const again = unlessRefused(() => sample.again(bytes));
    const firstMs = performance.now() - started;
    if (before !== undefined) counts.mostBytes = Math.max(counts.mostBytes, allocatedSince(before));
    const ms = quickestOf(firstMs, () => unlessRefused(() => sample.again(bytes)));
    counts[again === undefined ? 'refused' : 'taken'] += 1;
    counts.longestMs = Math.max(counts.longestMs, ms);
    if (ms > 1) counts.over1Ms += 1;
    const isSound =
      again === undefined ? !looks || unlessRefused(() => sample.read(bytes)) === undefined : bytes.equals(again);
    const isForged = looks && sealed !== undefined && !bytes.equals(good) && passes(() => sample.read(bytes));
    if (looks && again !== undefined) unlessRefused(() => sample.read(bytes));
    if (!isSound || isForged) unsound.push(bytes.toString('hex'));
  }
  return { ...counts, unsound };
}

function allocatedSince(before: NodeJS.MemoryUsage): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external - before.heapUsed - before.external;
}

const passes = (work: () => unknown) => unlessRefused(() => [work()]) !== undefined;

function unlessRefused<Out>(work: () => Out): Out | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return undefined;
  }
}
