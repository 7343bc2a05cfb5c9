/**
 * What a round is made of as the coordinator sees it: its states, what happens to it, what is done about it. Plain data.
 */
import type { AcceptedSet } from '../protocol/contributor-set.ts';
import type { DeclineReason } from '../protocol/fields.ts';
import type { Result } from '../protocol/json-messages.ts';
import type { Round } from '../protocol/round.ts';
import type { SigningKey } from '../protocol/signing.ts';

/** What stays the same during a round. Signing is a function of key and bytes: the machine is still one of its inputs. */
export interface RoundRules {
  readonly round: Round;
  /** Indices of the homes that are expected to report or to decline. Others of the roster may. */
  readonly matching: readonly number[];
  readonly key: SigningKey;
}

/** What a home has said while reports are collected. */
export type Heard =
  /** `digest` tells a second report from a repeated one. */
  | { readonly said: 'report'; readonly salt: Uint8Array; readonly digest: Uint8Array }
  | { readonly said: 'decline'; readonly reason: DeclineReason };

export interface Collecting {
  readonly state: 'collecting';
  /** The deadline is over: the set is fixed as soon as there are contributors enough. */
  readonly due: boolean;
  /** It is, there are contributors enough, and for the grace time those are waited for that are on their way. */
  readonly grace: boolean;
  /** At index - 1. */
  readonly heard: readonly (Heard | undefined)[];
}

export interface Opening {
  readonly state: 'opening';
  readonly set: AcceptedSet;
  /** The members of the first wave, ascending, while they alone have been asked. Empty once everyone is. */
  readonly wave: readonly number[];
  /** What there was before this set, if it is the round's second. */
  readonly former?: Former;
  /** Enough have answered, or never will: for the grace time more is waited for, to check or to explain the outcome by. */
  readonly grace: boolean;
  /** Summed shares, at the member's index - 1. */
  readonly answers: readonly (Uint8Array | undefined)[];
  /** Of members whose shares did not open. */
  readonly complaints: Complaints;
}

/** By complaining member: the contributors it names. */
export type Complaints = ReadonlyMap<number, readonly number[]>;

/** The round's first set, from which contributors were dropped. */
export interface Former {
  readonly hash: Uint8Array;
  /** Members that have answered for it, and so answer for no other. */
  readonly answered: readonly number[];
  readonly complaints: Complaints;
}

export type Coordinator =
  | Collecting
  | Opening
  | { readonly state: 'opened'; readonly result: Result }
  | { readonly state: 'failed'; readonly result: Result };

export type CoordinatorEvent =
  /** The state was put together again from what is stored. */
  | { readonly type: 'resumed' }
  | {
      readonly type: 'report';
      readonly home: number;
      readonly salt: Uint8Array;
      readonly digest: Uint8Array;
      /** As received. */
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'decline'; readonly home: number; readonly reason: DeclineReason }
  /** `missed`: nobody was here at that instant, and the homes may be about to say again what they have said. */
  | { readonly type: 'deadline'; readonly missed: boolean }
  /** Reports that came after the deadline have had their grace time. */
  | { readonly type: 'reportsOver' }
  | { readonly type: 'answer'; readonly home: number; readonly sums: Uint8Array }
  | { readonly type: 'complaint'; readonly home: number; readonly contributor: number }
  /** The first wave has had its time. */
  | { readonly type: 'waveOver' }
  | { readonly type: 'graceOver' }
  /** By its operator. */
  | { readonly type: 'stopped' }
  | { readonly type: 'expiry' };

/** Goes to the disk, all of one transition or nothing. */
export type Store =
  | {
      readonly type: 'storeReport';
      readonly home: number;
      readonly salt: Uint8Array;
      readonly digest: Uint8Array;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'storeDecline'; readonly home: number; readonly reason: DeclineReason }
  | { readonly type: 'storeSet'; readonly set: AcceptedSet; readonly wave: readonly number[] }
  /** The first wave is over: everyone is asked. */
  | { readonly type: 'storeAskedAll'; readonly set: AcceptedSet }
  | { readonly type: 'storeComplaint'; readonly home: number; readonly set: AcceptedSet; readonly contributor: number }
  | { readonly type: 'storeAnswer'; readonly home: number; readonly set: AcceptedSet; readonly sums: Uint8Array }
  | { readonly type: 'storeResult'; readonly result: Result; readonly text: string };

/** What begins a grace time, and the event that ends it. */
export const afterGraceTime = {
  awaitReports: 'reportsOver',
  startWave: 'waveOver',
  startGrace: 'graceOver',
} as const;

/** Happens once that is on disk. */
export type Act =
  /** Opening requests for these members. */
  | { readonly type: 'ask'; readonly set: AcceptedSet; readonly members: readonly number[] }
  /** Nothing more is asked of these members: they have answered for a set that is not in force any more. */
  | { readonly type: 'release'; readonly members: readonly number[] }
  | { readonly type: keyof typeof afterGraceTime }
  /** The result is published, what was asked of the homes is taken back. */
  | { readonly type: 'end'; readonly result: Result; readonly text: string }
  | { readonly type: 'note'; readonly home: number; readonly what: Note };

/** What is worth a line in the log though it changes nothing. */
export type Note = 'second-report' | 'late-report' | 'second-answer';

export type Effect = Store | Act;
/** The next state, and what is to be done for it. */
export type Step = readonly [Coordinator, readonly Effect[]];

const storeTypes: Readonly<Record<Store['type'], true>> = {
  storeReport: true,
  storeDecline: true,
  storeSet: true,
  storeAskedAll: true,
  storeComplaint: true,
  storeAnswer: true,
  storeResult: true,
};

export function isStore(effect: Effect): effect is Store {
  return effect.type in storeTypes;
}
