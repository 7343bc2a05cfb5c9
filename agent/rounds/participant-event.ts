/**
 * What can happen to a home in a round, and what it then wants done. Plain data: time and random bytes come with the
 * event, and no effect is carried out here.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Announce } from '../../broker/protocol/messages.ts';
import type { Round } from '../../broker/protocol/round.ts';
import type { Residues } from '../../broker/protocol/sharing.ts';
import type { HomeFacts } from '../policy/assess-round.ts';
import type { Cell } from '../policy/check-cells.ts';
import type { Verdict } from '../policy/judge-announcement.ts';
import type { OwnTensor } from '../policy/own-tensor.ts';
import type { Refusal } from '../policy/refusals.ts';
import type { Coverage } from '../tensors/tensor.ts';

/** One tensor's slots, as read for the round's grid. */
export interface ReadSlots {
  readonly tensor: OwnTensor;
  readonly values: Float64Array;
  readonly coverage: readonly Coverage[];
}

export type ParticipantEvent = { readonly now: EpochMs } & (
  | { readonly type: 'announced'; readonly signed: Uint8Array; readonly verdict: Verdict; readonly facts: HomeFacts }
  /** An open request came: new, or again because it is retained. */
  | { readonly type: 'asked'; readonly open: Uint8Array }
  /** An instant that was waited for has come, or what the home has or allows is another. */
  | { readonly type: 'reconsider'; readonly facts: HomeFacts }
  | {
      readonly type: 'slotsRead';
      readonly slots: readonly ReadSlots[];
      /** The round in which one of the cells was released before. */
      readonly spentIn: string | undefined;
      /** Both fresh from the system's random source. */
      readonly salt: Uint8Array;
      readonly residues: Residues;
    }
  | { readonly type: 'reportStored' }
  | { readonly type: 'answerStored' }
  /** The round's end is proven: a signed result, or its expiry. */
  | { readonly type: 'over' }
);

/** A report on its way to the disk, with all that is stored with it. */
export interface Release {
  readonly report: Uint8Array;
  readonly cells: readonly Cell[];
  /** Ids, for the ledger. */
  readonly tensors: readonly string[];
}

/** An answer on its way to the disk. */
export interface AnswerGiven {
  readonly answer: Uint8Array;
  readonly setHash: Uint8Array;
  /** The set as the utility signed it. */
  readonly signedSet: Uint8Array;
  /** How many homes are in the sum, and whether this one is. */
  readonly contributors: number;
  readonly contributes: boolean;
}

/** In the order given. What a `store` effect keeps is on disk before any effect of the next event is carried out. */
export type Effect =
  | { readonly type: 'bindRound'; readonly round: Round }
  | { readonly type: 'fetchRoster'; readonly roster: string }
  /** Reply with `slotsRead`. */
  | { readonly type: 'readSlots'; readonly round: Round; readonly tensors: readonly OwnTensor[] }
  /** Report and spent cells in one transaction; reply with `reportStored`. */
  | { readonly type: 'storeReport'; readonly round: Round; readonly release: Release }
  /** Answer and ledger entry in one transaction; reply with `answerStored`. */
  | { readonly type: 'storeAnswer'; readonly round: Round; readonly given: AnswerGiven }
  | { readonly type: 'writeRefusal'; readonly refusal: Refusal; readonly announce: Announce | undefined }
  | {
      readonly type: 'publish';
      readonly topic: 'report' | 'answer' | 'decline' | 'complaint';
      readonly payload: Uint8Array;
    }
  /** Values above the capacity were cut to it: said without the values. */
  | { readonly type: 'noteClipped'; readonly tensors: readonly string[] }
  /** Reply with `reconsider` at that time. */
  | { readonly type: 'wake'; readonly at: EpochMs };
