/**
 * The home's side of one round, a pure function: (state, event) -> [state, effects].
 *
 * A home is contributor and member at once, and the two hardly touch: it answers for a round that it declined, and it
 * may be asked while its own report is still unproved. So what takes part is a pair of small machines, not one with
 * a state for each of their 24 combinations. Where they do touch, a set that was shown to the member is news for the
 * contributor, is written here.
 *
 * What is asked of a home is retained at the broker and comes again at every connect. So there is no event for
 * connecting: the announcement coming again is what makes an unproved report go out again, and the open request
 * coming again the answer. Once they are cleared nothing comes, and nothing is repeated.
 */
import { readOpen } from '../../broker/protocol/answer.ts';
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Round } from '../../broker/protocol/round.ts';
import type { Seat, Verdict } from '../policy/judge-announcement.ts';
import { refusalOf } from '../policy/protocol-refusals.ts';
import { afterSet, type Contribution, contribute } from './contribution.ts';
import { afterAnswerEvent, answerFor, type Membership } from './membership.ts';
import type { Effect, ParticipantEvent } from './participant-event.ts';

export type Participant =
  /** No announcement was accepted; `early` is an open request that came before it. */
  | { readonly state: 'unannounced'; readonly early: Uint8Array | undefined }
  /** The announcement names a roster that is not here yet; it is judged again when the roster is. */
  | {
      readonly state: 'rosterWanted';
      readonly roster: string;
      readonly signed: Uint8Array;
      readonly early: Uint8Array | undefined;
    }
  | {
      readonly state: 'takingPart';
      readonly round: Round;
      readonly seat: Seat;
      readonly contribution: Contribution;
      readonly membership: Membership;
    }
  | { readonly state: 'over' };

type TakingPart = Extract<Participant, { state: 'takingPart' }>;
type Step = [Participant, Effect[]];

export const unannounced: Participant = { state: 'unannounced', early: undefined };

/** What a home has on disk of a round it accepted. */
export interface Kept {
  readonly report: Uint8Array | undefined;
  readonly answer:
    | { readonly setHash: Uint8Array; readonly bytes: Uint8Array; readonly contributes: boolean }
    | undefined;
}

/** Where a home stands in a round that it has bound: at its beginning, or after a restart. */
export function takeUp(round: Round, seat: Seat, { report, answer }: Kept = nothingKept): [TakingPart, Effect[]] {
  const membership: Membership =
    answer === undefined ? { state: 'unasked' } : { state: 'answered', setHash: answer.setHash, answer: answer.bytes };
  const contribution = contributionOf(report, answer);
  return [
    { state: 'takingPart', round, seat, contribution, membership },
    [{ type: 'wake', at: round.announce.expiry as EpochMs }],
  ];
}

const nothingKept: Kept = { report: undefined, answer: undefined };

export function participate(now: Participant, event: ParticipantEvent): Step {
  switch (now.state) {
    case 'unannounced':
    case 'rosterWanted':
      return event.type === 'announced' ? announced(now.early, event) : early(now, event);
    case 'takingPart':
      // After its expiry a home neither reports nor answers.
      if (event.type === 'over' || event.now >= now.round.announce.expiry) return [{ state: 'over' }, []];
      return takePart(now, event);
    case 'over':
      return [now, []];
  }
}

function early(now: Participant, event: ParticipantEvent): Step {
  if (event.type === 'over') return [{ state: 'over' }, []];
  if (event.type !== 'asked' || now.state === 'takingPart' || now.state === 'over') return [now, []];
  return [{ ...now, early: event.open }, []];
}

function announced(open: Uint8Array | undefined, event: Extract<ParticipantEvent, { type: 'announced' }>): Step {
  const { verdict, now } = event;
  switch (verdict.verdict) {
    case 'refused':
      return [unannounced, [refused(verdict, undefined)]];
    case 'roster wanted':
      return [
        { state: 'rosterWanted', roster: verdict.roster, signed: event.signed, early: open },
        [{ type: 'fetchRoster', roster: verdict.roster }],
      ];
    case 'accepted': {
      const { round, seat } = verdict;
      const [fresh, first] = takeUp(round, seat);
      // The id is bound before anything is sent in its name.
      const bound: Effect[] = [{ type: 'bindRound', round }, ...first];
      // The member first: where a set is fixed without this home, it need not report any more.
      const [asMember, effects] = open === undefined ? [fresh, []] : takePart(fresh, { type: 'asked', now, open });
      const [asContributor, more] = participate(asMember, event);
      return [asContributor, [...bound, ...effects, ...more]];
    }
  }
}

function takePart(now: TakingPart, event: ParticipantEvent): Step {
  if (event.type === 'asked') return asked(now, event.open);
  if (event.type === 'announced' && event.verdict.verdict !== 'accepted') {
    // Bound already: another announcement under this id changes nothing.
    return [now, event.verdict.verdict === 'refused' ? [refused(event.verdict, now.round)] : []];
  }
  const [contribution, effects] = contribute(now.contribution, event, now.round, now.seat);
  const [membership, more] = afterAnswerEvent(now.membership, event);
  return [{ ...now, contribution, membership }, [...effects, ...more]];
}

function asked(now: TakingPart, open: Uint8Array): Step {
  const { round, seat } = now;
  let request: ReturnType<typeof readOpen>;
  try {
    request = readOpen(round, seat.coordinator, open);
  } catch (error) {
    return [now, [{ type: 'writeRefusal', refusal: refusalOf(error, 'open'), announce: round.announce }]];
  }
  const [membership, effects] = answerFor(now.membership, request, round, seat);
  const contribution = afterSet(now.contribution, request.set.contributors, seat.own);
  return [{ ...now, contribution, membership }, effects];
}

function contributionOf(report: Kept['report'], answer: Kept['answer']): Contribution {
  if (report !== undefined) return answer?.contributes === true ? { state: 'proved' } : { state: 'reported', report };
  return answer === undefined ? { state: 'idle' } : { state: 'leftOut' };
}

function refused(verdict: Extract<Verdict, { verdict: 'refused' }>, round: Round | undefined): Effect {
  return { type: 'writeRefusal', refusal: verdict.refusal, announce: round?.announce };
}
