/**
 * Why a round or a roster is refused before any home hears of it: one table.
 */
import type { EpochMs } from '../protocol/clock.ts';
import { CodedError, type Details, type ErrorTable } from '../protocol/errors.ts';

export const roundErrors = {
  ROSTER_TOO_FEW_HOMES: {
    says: 'the roster of {cohort} would have {homes} homes, fewer than 3{leftOut}',
    remedy: 'Approve more homes (wattveil homes list) and let their agents run, so that their keys come.',
  },
  ROSTER_TOO_MANY_HOMES: {
    says: 'the roster of {cohort} would have {homes} homes, more than {most}',
    remedy: 'Approve further homes into another cohort.',
  },
  ROUND_NO_ROSTER: {
    says: 'cohort {cohort} has no roster',
    remedy: 'Publish one: wattveil roster publish {cohort}',
  },
  ROUND_ROSTER_TOO_SMALL: {
    says: 'the roster of {cohort} has {homes} homes, fewer than the minimum of {minimum} contributors',
    remedy:
      'Approve more homes and publish a new roster, or give a lower --minimum (the homes have a floor of their own).',
  },
  ROUND_SLOT_TOO_SHORT: {
    says: 'slots of {step} are shorter than the 15 minutes that homes accept',
    remedy: 'Ask for slots of 15 minutes or more: --step 15m',
  },
  ROUND_GRID_AHEAD: {
    says: 'the slots {what}, and homes sum only what is over',
    remedy: 'Ask for hours that have begun and end within 7 days; the homes report once the last slot is over.',
  },
  ROUND_GRID_TOO_OLD: {
    says: 'the slots end at {end}: no home accepts a round more than 14 days after',
    remedy: 'Ask for later hours.',
  },
  ROUND_VECTOR_TOO_LONG: {
    says: 'the round asks each home for {length} integers, more than {limit}',
    remedy: 'Ask for {slots} slots or fewer, or for fewer statistics.',
  },
  ROUND_REPORT_TOO_LARGE: {
    says: 'each of the {homes} homes would report {bytes} bytes, more than the {longest} that get through',
    remedy:
      'Ask for {slots} slots or fewer, for fewer statistics, or, in a request of your own, a packing above {packing}.',
  },
  ROUND_DEADLINE_UNFIT: {
    says: 'the deadline {deadline} {why}',
    remedy: 'Leave --deadline out, or put it after the last slot and before the expiry.',
  },
  ROUND_EXPIRY_UNFIT: {
    says: 'the expiry {expiry} {why}',
    remedy: 'Leave --expiry out, or put it after now and at most 14 days after the last slot.',
  },
  ROUND_SHARING_UNFIT: {
    says: 'dropouts {dropouts} and packing {packing} do not go with {homes} homes: {why}',
    remedy: 'Leave both out: the defaults suit every roster.',
  },
  ROUND_MINIMUM_UNFIT: {
    says: '{statistic} takes a minimum of {least} contributors, not {minimum}',
    remedy: 'Ask for a minimum of {least} or more, or leave that statistic out.',
  },
  ROUND_STATISTIC_UNFIT: {
    says: '{statistic} takes {least} contributors, and {found}',
    remedy: 'Leave that statistic out, or approve more homes and publish a new roster: no lower minimum will do.',
  },
  ROUND_BUCKET_TOO_NARROW: {
    says: 'buckets of {width} steps are narrower than homes accept under a limit of {limit} steps',
    remedy: 'Give buckets of {least} steps or more, or leave them to the coordinator: "histogram": true.',
  },
  ROUND_QUANTITY_UNKNOWN: {
    says: 'no tensor in {cohort} with {tags} holds {quantity} in {unit}; there are: {known}',
    remedy: 'Ask for one of those: --quantity, --unit',
  },
  ROUND_TOO_FEW_MATCH: {
    says: '{matching} homes of the roster have {tags} ({quantity} in {unit}) for these hours, fewer than the minimum of {minimum}',
    remedy:
      'Ask for tags that more homes have (wattveil search), or give a lower --minimum (the homes have a floor of their own).{more}',
  },
  ROUND_TOO_FEW_ONLINE: {
    says: '{online} of the {matching} homes that match are connected, fewer than the minimum of {minimum}; away: {away}',
    remedy: 'Try again when more are connected: wattveil homes list',
  },
  ROUND_TOO_FEW_MEMBERS: {
    says: '{online} of {homes} members are connected, and {needed} have to answer to open the sum; away: {away}',
    remedy:
      'Try again when more are connected (wattveil homes list), or publish a roster without those that stay away.',
  },
  ROUND_LIMIT_TOO_LOW: {
    says: 'under a limit of {limit} steps only {fitting} homes may contribute, fewer than the minimum of {minimum}',
    remedy:
      'Leave the limit out, or raise it: {enough} steps suit as many homes as are needed, {wanted} all that match.',
  },
  ROUND_LIMIT_TOO_HIGH: {
    says: 'a limit of {limit} steps is more than the fields hold for {homes} homes',
    remedy: 'Use a coarser resolution, or shorter slots: it may be {most} steps for so many homes.',
  },
} as const satisfies ErrorTable;

export type RoundErrorCode = keyof typeof roundErrors;

/** A round or roster that is not published. No home has been asked for anything. */
export class RoundError extends CodedError<RoundErrorCode> {
  /** When trying again may succeed, where that is known. */
  readonly retryAt?: EpochMs;

  constructor(code: RoundErrorCode, details: Details, options?: ErrorOptions & { readonly retryAt?: EpochMs }) {
    super(roundErrors, code, details, options);
    this.name = 'RoundError';
    if (options?.retryAt !== undefined) this.retryAt = options.retryAt;
  }
}
