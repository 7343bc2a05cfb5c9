/**
 * The homes of a utility as a developer sees them: search them, ask them for a sum. Values stay in them.
 */

import { failureOf } from '../protocol/failures.ts';
import type { FailedResult, OpenedResult } from '../protocol/json-messages.ts';
import type { RoundRow } from '../protocol/operator.ts';
import { RoundFailed } from './errors.ts';
import type { Ask, OperatorLink } from './operator-link.ts';
import { Pointer } from './pointer.ts';

type RoundAsk = Omit<Extract<Ask, { type: 'round' }>, 'type' | 'from'>;

/** What to sum. What is left out the coordinator works out from the catalogues and its configuration. */
export interface RoundQuestion extends RoundAsk {
  /** The first slot's beginning: a date, milliseconds since 1970, or RFC 3339 text. */
  readonly from: Date | number | string;
  /** Hears that the round was accepted, then each report and answer that comes. */
  readonly onProgress?: (row: RoundRow) => void;
}

/** `sum` and `mean` per slot, in the query's unit. */
export type RoundOutcome = Omit<OpenedResult, 'v' | 'type' | 'signature' | 'state'>;

export class Grid {
  readonly #link: OperatorLink;

  constructor(link: OperatorLink) {
    this.#link = link;
  }

  /**
   * Finds the tensors that have all the tags.
   * @returns every home that was searched, also those without a match
   * @throws {Refusal} what the coordinator says
   */
  async search(...tags: readonly string[]): Promise<Map<string, Pointer[]>> {
    const { homes } = await this.#link.request({ type: 'search', tags: [...tags] });
    return new Map(
      homes.map((place) => [place.home, place.tensors.map((entry) => new Pointer(this.#link, place, entry))]),
    );
  }

  /**
   * Opens a round and waits for its sum: until all homes that match have reported, at the latest its expiry.
   * @throws {Refusal} why it was not announced
   * @throws {RoundFailed} it ended without a sum
   */
  async round(question: RoundQuestion): Promise<RoundOutcome> {
    const { onProgress, from, ...rest } = question;
    const ask = { ...rest, type: 'round' as const, from: from instanceof Date ? from.getTime() : from };
    const { result } = await this.#link.request(ask, (reply) => onProgress?.(reply.row));
    if (result.state === 'failed') throw failed(result);
    const { v: _v, type: _type, state: _state, signature: _signature, ...outcome } = result;
    return outcome;
  }

  async close(): Promise<void> {
    await this.#link.close();
  }
}

function failed(result: FailedResult): RoundFailed {
  const { says, remedy } = failureOf(result.reason);
  return new RoundFailed(result, says, remedy);
}
