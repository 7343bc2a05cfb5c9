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

/** The median of `runs` timings, after one that is not counted. */
export function medianMs(runs: number, work: () => void): number {
  work();
  const timings = Array.from({ length: runs }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return timings.sort((one, other) => one - other)[Math.floor(runs / 2)] ?? Number.NaN;
}
