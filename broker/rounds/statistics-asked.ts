/**
 * What a request for statistics means once the round's limit is known. Pure.
 */
import type { Scaled, Statistics } from '../protocol/fields.ts';
import type { RoundRequest } from '../protocol/operator.ts';
import { histogramMinimum, varianceMinimum } from '../protocol/round.ts';
import { RoundError } from './errors.ts';

type Asked = RoundRequest['statistics'];

const mostBuckets = 8;
/** No bucket is narrower than the limit divided by this. */
const narrowestShare = 16;

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
  const chosen =
    histogram === true ? { start: 0, width: Math.ceil(limit / narrowestShare), buckets: mostBuckets } : histogram;
  return { ...(variance && { variance }), ...(chosen && { histogram: chosen }) };
}

/** The fewest contributors that homes accept for what is asked, and the statistics that need so many. */
export function floorsOf({ variance, histogram }: Asked): { statistic: string; least: number }[] {
  return [
    ...(variance ? [{ statistic: 'a variance', least: varianceMinimum }] : []),
    ...(histogram ? [{ statistic: 'a histogram', least: histogramMinimum }] : []),
  ];
}

/**
 * A lower minimum would not help where a statistic takes more homes than there are.
 * @param found what there is, as a sentence
 * @throws {RoundError} ROUND_STATISTIC_UNFIT
 */
export function assertFloors(asked: Asked, homes: number, found: string): void {
  for (const { statistic, least } of floorsOf(asked)) {
    if (homes < least) throw new RoundError('ROUND_STATISTIC_UNFIT', { statistic, least, found });
  }
}

/** @throws {RoundError} ROUND_BUCKET_TOO_NARROW */
export function assertBuckets({ histogram }: Asked, limit: number): void {
  if (histogram === undefined || histogram === true || histogram.width * narrowestShare >= limit) return;
  const least = Math.ceil(limit / narrowestShare);
  throw new RoundError('ROUND_BUCKET_TOO_NARROW', { width: histogram.width, limit, least });
}
