/**
 * How long a home's agreement keys live: which are erased now, and whether a new one is made. Pure.
 * Whoever learns a key later can open the shares it received; so it lives no longer than a round may need it.
 */
import { after, type DurationMs, durationMs, type EpochMs } from '../broker/protocol/clock.ts';

export interface KeyLife {
  readonly sequence: number;
  readonly madeAt: EpochMs;
  /** Of the rounds accepted under rosters that name it; undefined where there was none. */
  readonly lastExpiry: EpochMs | undefined;
}

export interface KeyRules {
  /** How long a key is the newest. */
  readonly rotateEvery: DurationMs;
}

/** For so long after the next key is made, the utility may still open rounds under a roster that names the one before. */
export const overlapMs = durationMs(14 * 24 * 3_600_000);

/** @param keys as below. @returns whether a round may still be accepted under a roster that names this one */
export function takesRounds(keys: readonly Pick<KeyLife, 'sequence' | 'madeAt'>[], sequence: number, now: EpochMs) {
  const next = keys.find((key) => key.sequence > sequence);
  return next === undefined || now < after(next.madeAt, overlapMs);
}

/**
 * @param keys those not erased, ascending by sequence
 * @param newestNamed the newest one that an accepted roster names
 */
export function keyDuties(
  keys: readonly KeyLife[],
  newestNamed: number,
  now: EpochMs,
  { rotateEvery }: KeyRules,
): { readonly make: boolean; readonly erase: readonly number[] } {
  const newest = keys.at(-1);
  const make = newest === undefined || now >= after(newest.madeAt, rotateEvery);
  const erase = keys.slice(0, -1).filter(({ sequence, lastExpiry }, at) => {
    const superseded = keys[at + 1]?.madeAt ?? now;
    const isNamedNoMore = newestNamed > sequence || now >= after(superseded, overlapMs);
    return isNamedNoMore && (lastExpiry === undefined || now > lastExpiry);
  });
  return { make, erase: erase.map(({ sequence }) => sequence) };
}
