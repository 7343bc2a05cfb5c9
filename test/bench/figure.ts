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

/**
 * The same of several pieces of work, in turns, so that noise is shared.
 * @returns the fastest of each
 */
export function bestMsOfEach<Name extends string>(
  runs: number,
  works: Readonly<Record<Name, () => void>>,
): Readonly<Record<Name, number>> {
  const best = {} as Record<Name, number>;
  const names = Object.keys(works) as Name[];
  for (let run = 0; run < runs; run += 1) {
    for (const name of names) best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, bestMs(1, works[name]));
  }
  return best;
}
