/**
 * The package's way in: `import { connect } from 'wattveil'`.
 */
import { Grid, type RoundOutcome } from './grid.ts';
import { OperatorLink, type OperatorLinkOptions } from './operator-link.ts';
import { quantile } from './quantiles.ts';

export type { Grid, RoundOutcome, RoundQuestion } from './grid.ts';
export type { OperatorLinkOptions } from './operator-link.ts';
export type { Pointer } from './pointer.ts';

/**
 * Connects to the coordinator of a utility by way of its broker.
 * @param url for instance mqtt://127.0.0.1:1883
 * @throws {GridError} BROKER_URL_INVALID, BROKER_AWAY
 */
export async function connect(url: string, options: OperatorLinkOptions = {}): Promise<Grid> {
  return new Grid(await OperatorLink.open(url, options));
}

/**
 * The range, as wide as a bucket, of a round with a histogram that holds a quantile: the median at `share` 0.5, say.
 * The outermost ranges have one end only.
 * @param slot from 0
 * @throws {RangeError} where the round gave no histogram of that slot
 */
export function quantileOf(outcome: RoundOutcome, slot: number, share: number): { from?: number; below?: number } {
  return quantile(outcome.histogram, slot, share);
}
