/** Numbers that look random and come again by their seed, so that a failure can be repeated (mulberry32). */

/** 32 bits each. */
export function randomBits(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** From 0 up to but not 1. */
export function randomShares(seed: number): () => number {
  const bits = randomBits(seed);
  return () => bits() / 4_294_967_296;
}
