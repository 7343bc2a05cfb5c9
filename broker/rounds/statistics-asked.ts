/**
 * What a request for statistics means once the round's limit is known. Pure.
 */
import type { Scaled, Statistics } from '../protocol/fields.ts';
import type { RoundRequest } from '../protocol/operator.ts';
import { histogramMinimum, varianceMinimum } from '../protocol/round.ts';

type Asked = RoundRequest['statistics'];

const mostBuckets = 8;

/** A tenth of a Wh, a W, a hundredth of an A: finer than the meters, far inside what the fields hold. */
export function resolutionOf(unit: string): Scaled {
  const known: Readonly<Record<string, Scaled>> = { Wh: [1, -1], W: [1, 0], A: [1, -2], V: [1, -1] };
  return known[unit] ?? [1, -1];
}

/**
 * Without buckets of its own a histogram gets as many and as narrow ones as homes accept, from 0 up. The last one holds
 * all above: homes seldom come near their limit.
 */
export function statisticsFor({ variance, histogram }: Asked, limit: number): Statistics {
  const chosen = histogram === true ? { start: 0, width: Math.ceil(limit / 16), buckets: mostBuckets } : histogram;
  return { ...(variance && { variance }), ...(chosen && { histogram: chosen }) };
}

/** The fewest contributors that homes accept for what is asked, and the statistics that need so many. */
export function floorsOf({ variance, histogram }: Asked): { statistic: string; least: number }[] {
  return [
    ...(variance ? [{ statistic: 'a variance', least: varianceMinimum }] : []),
    ...(histogram ? [{ statistic: 'a histogram', least: histogramMinimum }] : []),
  ];
}
