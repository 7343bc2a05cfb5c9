/**
 * Whether this home contributes to a round that it has accepted as a member: everything that can be said before
 * a value is looked at, so that no decision can depend on one.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import { gridEnd } from '../../broker/protocol/grid.ts';
import type { Announce } from '../../broker/protocol/messages.ts';
import type { Round } from '../../broker/protocol/round.ts';
import { longestFromHome, reportBytes } from '../../broker/protocol/sizes.ts';
import { capacityFits, isEnergy, totalCapacity } from '../../broker/protocol/vector.ts';
import { matches, tensorsToAdd } from './matching-tensors.ts';
import type { OwnTensor } from './own-tensor.ts';
import type { Policy } from './policy.ts';
import { type Refusal, refusal } from './refusals.ts';

/** What a home knows of itself at an instant. */
export interface HomeFacts {
  readonly sharing: boolean;
  readonly policy: Policy;
  readonly tensors: readonly OwnTensor[];
  /** Whatever began before counts as released: see `noteRestore`. May be infinite. */
  readonly spentUntil: number;
}

export type Assessment =
  /** The round is about nothing that this home has. */
  | { readonly next: 'nothing' }
  | { readonly next: 'refuse'; readonly refusal: Refusal }
  | { readonly next: 'wait'; readonly until: EpochMs }
  | { readonly next: 'read'; readonly tensors: readonly OwnTensor[] };

export function assessRound(round: Round, facts: HomeFacts, now: EpochMs): Assessment {
  const { announce } = round;
  const tensors = tensorsToAdd(facts.tensors, announce.query);
  if (tensors.length === 0) return assessUnpublished(announce, facts.tensors);
  const refused = refuseRound(round, facts, tensors);
  if (refused !== undefined) return { next: 'refuse', refusal: refused };
  const end = gridEnd(announce.grid);
  // Waited for, not declined: the round may well be announced ahead of its hours.
  return now < end ? { next: 'wait', until: end } : { next: 'read', tensors };
}

/** A decline would tell of a tensor whose existence the home has never told anyone. */
function assessUnpublished({ query }: Announce, tensors: readonly OwnTensor[]): Assessment {
  const matching = tensors.filter((tensor) => matches(tensor, query));
  if (matching.length === 0) return { next: 'nothing' };
  const shown = matching.filter((tensor) => tensor.shown);
  const code = shown.length === 0 ? 'TENSOR_NOT_PUBLISHED' : 'TENSOR_WITHDRAWN';
  return { next: 'refuse', refusal: refusal(code, { tensors: idsOf(shown.length === 0 ? matching : shown) }) };
}

function refuseRound(round: Round, facts: HomeFacts, tensors: readonly OwnTensor[]): Refusal | undefined {
  const { announce } = round;
  const { grid, minimum, query, statistics } = announce;
  const { policy, sharing, spentUntil } = facts;
  if (!sharing) return refusal('SHARING_OFF');
  if (minimum < policy.minContributors) return refusal('MINIMUM_TOO_LOW', { minimum, own: policy.minContributors });
  if (grid.step < policy.shortestSlotMs) {
    return refusal('SLOT_TOO_SHORT', { stepMs: grid.step, shortestMs: policy.shortestSlotMs });
  }
  if (statistics.histogram !== undefined && !policy.histogram) return refusal('HISTOGRAM_NOT_ALLOWED');
  if (grid.from < spentUntil) {
    const until = Number.isFinite(spentUntil) ? new Date(spentUntil).toISOString() : 'now';
    return refusal('CELL_BEFORE_RESTORE', { until });
  }
  const before = tensors.filter((tensor) => grid.from < tensor.consentFrom);
  if (before.length > 0) return refusal('BEFORE_CONSENT', { tensors: idsOf(before) });
  const capacities = tensors.map((tensor) => tensor.capacity);
  if (!capacityFits(announce, totalCapacity(isEnergy(query.quantity), capacities, grid.step))) {
    return refusal('CAPACITY_ABOVE_LIMIT');
  }
  const bytes = reportBytes({ homes: round.roster.homes.length, blocks: round.blocks });
  return bytes > longestFromHome ? refusal('REPORT_TOO_LARGE', { bytes, longest: longestFromHome }) : undefined;
}

export function idsOf(tensors: readonly { readonly id: string }[]): string {
  return tensors.map((tensor) => tensor.id).join(' ');
}
