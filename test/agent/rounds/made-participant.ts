/** Events and states for tests of the machine: a cohort of four with real keys, seen from one home. */
import { randomBytes } from 'node:crypto';
import type { HomeFacts } from '../../../agent/policy/assess-round.ts';
import type { Seat, Verdict } from '../../../agent/policy/judge-announcement.ts';
import type { Participant } from '../../../agent/rounds/participant.ts';
import type { ParticipantEvent, ReadSlots } from '../../../agent/rounds/participant-event.ts';
import { pairKeysOf } from '../../../broker/protocol/agreement.ts';
import { makeOpen } from '../../../broker/protocol/answer.ts';
import { type EpochMs, epochMs } from '../../../broker/protocol/clock.ts';
import { gridEnd } from '../../../broker/protocol/grid.ts';
import type { Announce } from '../../../broker/protocol/messages.ts';
import { drawResidues } from '../../../broker/protocol/sharing.ts';
import {
  type MadeCohort,
  type MadeHome,
  makeCohort,
  makeReports,
  makeSetOf,
} from '../../broker/protocol/made-cohort.ts';
import { lenientPolicy, ownTensor } from '../made-agent.ts';

export type TakingPart = Extract<Participant, { state: 'takingPart' }>;

/** Home 1 of a cohort, and what can happen to it. Events come one minute after the grid's end unless told otherwise. */
export function seenByHome1(changes: Partial<Announce> = {}) {
  const made: MadeCohort = makeCohort(4, changes);
  const { round, roster, coordinator } = made;
  const pairKeys = pairKeysOf((made.homes[0] as MadeHome).secret, roster);
  const seat: Seat = { roster, own: 1, pairKeys, coordinator: coordinator.publicKey };
  const now = epochMs(gridEnd(round.announce.grid) + 60_000);
  const tensors = [ownTensor()];
  const facts: HomeFacts = { sharing: true, policy: lenientPolicy, tensors, spentUntil: Number.NEGATIVE_INFINITY };
  const accepted: Verdict = { verdict: 'accepted', round, seat };
  const read = (values: readonly number[], covered = values.map(() => true)): ReadSlots[] => {
    const coverage = covered.map((known) => (known ? 'covered' : 'gap'));
    return tensors.map((tensor) => ({ tensor, values: Float64Array.from(values), coverage }));
  };
  return {
    made,
    round,
    seat,
    now,
    facts,
    takingPart: (parts: Partial<TakingPart> = {}): TakingPart => ({
      state: 'takingPart',
      round,
      seat,
      contribution: { state: 'idle' },
      membership: { state: 'unasked' },
      ...parts,
    }),
    announced: (parts: { verdict?: Verdict; facts?: HomeFacts; now?: EpochMs } = {}): ParticipantEvent => ({
      type: 'announced',
      now,
      signed: round.signed,
      verdict: accepted,
      facts,
      ...parts,
    }),
    reconsider: (parts: { facts?: HomeFacts; now?: EpochMs } = {}): ParticipantEvent => ({
      type: 'reconsider',
      now,
      facts,
      ...parts,
    }),
    slotsRead: (
      values: readonly number[] = [5, 8, 9, 2],
      parts: { covered?: boolean[]; spentIn?: string; now?: EpochMs } = {},
    ): ParticipantEvent => ({
      type: 'slotsRead',
      now: parts.now ?? now,
      slots: read(values, parts.covered),
      spentIn: parts.spentIn,
      salt: randomBytes(16),
      residues: drawResidues(round.sharing, round.blocks, randomBytes),
    }),
    /** What the coordinator asks home 1 for, once these homes have reported. */
    open: (contributors: readonly number[], reports = makeReports(made, contributors, [5n, 8n, 9n, 2n])) => {
      const { set, sealedFor } = makeSetOf(made, reports);
      return { set, bytes: makeOpen(set, sealedFor(1)) };
    },
  };
}
