import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketEdges, quantileBucket } from '../../../broker/sdk/quantiles.ts';

describe('a quantile from a histogram', () => {
  it.each([
    [[100, 0, 0], 0.5, 0],
    [[0, 0, 100], 0.25, 2],
    [[50, 50], 0.5, 0],
    [[49, 51], 0.5, 1],
    [[25, 25, 25, 25], 0.75, 2],
    [[1, 0, 1], 0, 0],
    [[1, 0, 1], 1, 2],
  ])('of %j at %d is bucket %d', (counts, share, bucket) => {
    expect(quantileBucket(counts, share)).toBe(bucket);
  });

  it('is the bucket of the home at that place in the order of their values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (buckets, share) => {
          const counts = Array.from({ length: 8 }, (_, at) => buckets.filter((bucket) => bucket === at).length);
          const sorted = [...buckets].sort((one, other) => one - other);
          const place = Math.max(0, Math.ceil(share * sorted.length) - 1);
          expect(quantileBucket(counts, share)).toBe(sorted[place]);
        },
      ),
    );
  });

  it.each([
    [0, { below: 10 }],
    [1, { from: 10, below: 20 }],
    [2, { from: 20 }],
  ])('bucket %d of three holds %j', (bucket, edges) => {
    expect(bucketEdges({ start: 0, width: 10 }, bucket, 3)).toEqual(edges);
  });
});
