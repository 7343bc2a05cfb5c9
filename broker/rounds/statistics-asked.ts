/**
 * What a request for statistics means once the round's limit is known. Pure.
 */
import type { Statistics } from '../protocol/fields.ts';
import type { RoundRequest } from '../protocol/operator.ts';
import { histogramMinimum, narrowestBucket, varianceMinimum } from '../protocol/round.ts';
import { RoundError } from './errors.ts';

type Asked = RoundRequest['statistics'];

const mostBuckets = 8;

/**
 * Without buckets of its own a histogram gets as many and as narrow ones as homes accept, from 0 up. The last one holds
 * all above: homes seldom come near their limit.
 */
export function statisticsFor({ variance, histogram }: Asked, limit: number): Statistics {
  const chosen = histogram === true ? { start: 0, width: narrowestBucket(limit), buckets: mostBuckets } : histogram;
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
  if (histogram === undefined || histogram === true) return;
  const least = narrowestBucket(limit);
  if (histogram.width >= least) return;
  throw new RoundError('ROUND_BUCKET_TOO_NARROW', { width: histogram.width, limit, least });
}
