/**
 * What the coordinator offers to the rest of the broker: opening rounds, following them, publishing rosters.
 */
import type { Result } from '../protocol/json-messages.ts';
import type { RoundRequest, RoundRow, RoundStanding } from '../protocol/operator.ts';

/** Is told how a round goes on: each change, then once how it ended. Must not throw. */
export interface RoundWatcher {
  progress(row: RoundRow): void;
  ended(result: Result): void;
}

export interface PublishedRoster {
  readonly cohort: string;
  readonly epoch: number;
  /** Hex. */
  readonly hash: string;
  readonly homes: string[];
  /** Approved homes that are not in it, and why. */
  readonly leftOut: { home: string; why: string }[];
}

export interface Rounds {
  /**
   * Plans, stores and announces a round. The same `requestId` again opens nothing new: it follows the round it opened,
   * also after a restart.
   * @param requestId what the operator calls the request
   * @returns the round as accepted; `watcher` hears of it from then on
   * @throws {RoundError} what keeps it from being announced; no home has been asked for anything then
   * @throws {BrokerError} COHORT_UNKNOWN, TAG_UNKNOWN
   */
  open(request: RoundRequest, watcher: RoundWatcher, requestId: string): Promise<RoundRow>;
  /** @returns the id of the round that this request has opened, if it has */
  ofRequest(requestId: string): string | undefined;
  /**
   * Follows a round that is there already; of an ended one `ended` is told soon after.
   * @throws {BrokerError} ROUND_UNKNOWN
   */
  watch(round: string, watcher: RoundWatcher): RoundRow;
  /** Newest first. */
  list(cohort?: string): RoundRow[];
  /** @throws {BrokerError} ROUND_UNKNOWN */
  show(round: string): { row: RoundRow; result?: Result };
  /**
   * The homes behind the numbers. Reads all that homes have sent.
   * @throws {BrokerError} ROUND_UNKNOWN
   */
  standing(round: string): RoundStanding;
  /**
   * Ends a round without a sum: what was asked of homes is taken back. Of one that was stopped before nothing changes.
   * @throws {BrokerError} ROUND_UNKNOWN, ROUND_OVER
   */
  stop(round: string): RoundRow;
  /**
   * Publishes the next epoch of a cohort, of its approved homes as they are now.
   * @throws {RoundError} ROSTER_TOO_FEW_HOMES, ROSTER_TOO_MANY_HOMES
   * @throws {BrokerError} COHORT_UNKNOWN
   */
  publishRoster(cohort: string): Promise<PublishedRoster>;
  /** Why approved homes of these cohorts would be in no roster that were published now. */
  leftOut(cohorts: readonly string[]): PublishedRoster['leftOut'];
  /** Hears nothing more and does nothing more; what is under way is carried on by the next start. */
  close(): Promise<void>;
}
