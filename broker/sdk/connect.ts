/**
 * The package's way in: `import { connect } from 'wattveil'`.
 */
import { Grid } from './grid.ts';
import { OperatorLink, type OperatorLinkOptions } from './operator-link.ts';

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
