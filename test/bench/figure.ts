/** One measured figure and its goal. */

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Figures without a goal are there to be read. */
  readonly goal?: { readonly relation: '≤' | '≥'; readonly value: number };
}

export type Measurement = () => Promise<readonly Figure[]>;

export const atMost = (value: number) => ({ relation: '≤', value }) as const;
export const atLeast = (value: number) => ({ relation: '≥', value }) as const;

/**
 * The fastest of `runs` timings, after one that is not counted: on a machine that others use too, noise only adds.
 */
export function bestMs(runs: number, work: () => void): number {
  work();
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const started = performance.now();
    work();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}
