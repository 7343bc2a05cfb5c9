/**
 * Quantiles over homes from a histogram: known to the width of a bucket. Pure.
 */

export interface Histogram {
  readonly start: number;
  readonly width: number;
}

/**
 * The range that holds a quantile: the median at `share` 0.5, say. The outermost ranges have one end only.
 * @param histogram of a round's outcome; its `counts` are by slot
 * @param slot from 0
 * @throws {RangeError} where the round gave no such slot
 */
export function quantile(
  histogram: (Histogram & { readonly counts: readonly (readonly number[])[] }) | undefined,
  slot: number,
  share: number,
): { from?: number; below?: number } {
  const counts = histogram?.counts[slot];
  if (histogram === undefined || counts === undefined)
    throw new RangeError(`slot: the round has no histogram of ${slot}`);
  return bucketEdges(histogram, quantileBucket(counts, share), counts.length);
}

/**
 * @param counts homes per bucket
 * @returns the bucket, from 0, that holds the home at `share` (0..1) of them in order of their values
 */
export function quantileBucket(counts: readonly number[], share: number): number {
  const homes = counts.reduce((sum, count) => sum + count, 0);
  // The home in question, counted from 1.
  const rank = Math.max(1, Math.ceil(share * homes));
  let seen = 0;
  const at = counts.findIndex((count) => {
    seen += count;
    return seen >= rank;
  });
  return at === -1 ? counts.length - 1 : at;
}

/** The values a bucket holds; the outermost have one end only. */
export function bucketEdges(
  { start, width }: Histogram,
  bucket: number,
  buckets: number,
): { from?: number; below?: number } {
  return {
    ...(bucket > 0 && { from: start + bucket * width }),
    ...(bucket < buckets - 1 && { below: start + (bucket + 1) * width }),
  };
}
