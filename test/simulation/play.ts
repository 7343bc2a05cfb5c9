/** One world from its beginning until all is quiet, and what is wrong with it then. */
import type { StoredRound } from './coordinator.ts';
import { keysKept, stuck, violations } from './invariants.ts';
import type { Operation } from './operation.ts';
import { makeStreet, type Street } from './street.ts';
import { World } from './world.ts';

export const streets = [
  makeStreet(3, 2),
  makeStreet(3, 3),
  makeStreet(4, 2),
  makeStreet(5, 3),
  makeStreet(6, 3),
  // Of seven with two that may fail, one is asked first.
  makeStreet(7, 4, 2),
];

export interface Outcome {
  readonly wrong: string[];
  /** Rounds, all of these. */
  readonly opened: number;
  readonly failed: number;
  readonly secondSets: number;
  readonly disputed: number;
  /** Who was without power when the operations were done; 0 is the coordinator. */
  readonly cutOff: readonly number[];
}

/** @param absent whether a home stays away in the end, where the round can do without */
export async function play(nth: number, operations: readonly Operation[], absent = false): Promise<Outcome> {
  const street = streets[nth] as Street;
  const world = new World(street, pseudorandom());
  await world.play(operations);
  const cutOff = [world.coordinator, ...world.houses].flatMap(({ power }, party) => (power.up ? [] : [party]));
  const wrong = violations(world);
  const ended = [...world.coordinator.disk].flatMap(([id, { result }]) => (result === undefined ? [] : [id]));
  await world.quieten(absent && street.round(0, street.roster).sharing.dropouts > 0 ? 1 : undefined);
  const rounds = [...world.coordinator.disk.values()];
  const count = (holds: (stored: StoredRound) => boolean) => rounds.filter(holds).length;
  wrong.push(...violations(world), ...stuck(world, new Set(ended)));
  await world.grow();
  return {
    wrong: [...wrong, ...violations(world), ...keysKept(world)],
    opened: count(({ result }) => result?.state === 'opened'),
    failed: count(({ result }) => result?.state === 'failed'),
    secondSets: count(({ sets }) => sets.length > 1),
    cutOff,
    disputed: count(({ result }) => (result?.disputed ?? []).length > 0),
  };
}

/** xorshift32: nothing in a simulated world is secret. */
export function pseudorandom(seed = 0x9e3779b9): (bytes: number) => Uint8Array {
  let state = seed;
  return (bytes) => {
    const words = new Uint32Array(Math.ceil(bytes / 4));
    for (let at = 0; at < words.length; at += 1) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[at] = state;
    }
    return new Uint8Array(words.buffer, 0, bytes);
  };
}
