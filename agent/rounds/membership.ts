/**
 * A home as member of one round: it answers for the sum of the shares it holds, once. Pure.
 * It answers whether or not it reported, and whether or not sharing is on: a missing answer protects nobody.
 */
import { type Answered, answerOpen, type OpenRequest } from '../../broker/protocol/answer.ts';
import { sameBytes } from '../../broker/protocol/hex.ts';
import type { Round } from '../../broker/protocol/round.ts';
import type { Seat } from '../policy/judge-announcement.ts';
import { refusal } from '../policy/refusals.ts';
import type { AnswerGiven, Effect, ParticipantEvent } from './participant-event.ts';

export type Membership =
  | { readonly state: 'unasked' }
  /** The answer is made and not on disk yet: nobody may see it. */
  | { readonly state: 'answering'; readonly given: AnswerGiven }
  /** Bound to this set for ever; said again, the same bytes, whenever it is asked again. */
  | { readonly state: 'answered'; readonly setHash: Uint8Array; readonly answer: Uint8Array };

type Step = [Membership, Effect[]];

/** @param request read and checked, for this round */
export function answerFor(now: Membership, request: OpenRequest, round: Round, seat: Seat): Step {
  switch (now.state) {
    case 'unasked':
      return firstAsked(request, answerOpen(round, seat.own, seat.pairKeys, request), round, seat);
    case 'answering':
      return [now, []];
    case 'answered':
      if (sameBytes(now.setHash, request.set.hash)) return [now, [publishAnswer(now.answer)]];
      // Two sums of one round would differ by single homes.
      return [now, [{ type: 'writeRefusal', refusal: refusal('SET_OTHER'), announce: round.announce }]];
  }
}

export function afterAnswerEvent(now: Membership, event: ParticipantEvent): Step {
  if (now.state !== 'answering' || event.type !== 'answerStored') return [now, []];
  const { answer, setHash } = now.given;
  return [{ state: 'answered', answer, setHash }, [publishAnswer(answer)]];
}

function firstAsked({ set }: OpenRequest, answered: Answered, round: Round, seat: Seat): Step {
  if ('complaints' in answered) return [{ state: 'unasked' }, complain(set.contributors, answered.complaints, round)];
  const given: AnswerGiven = {
    answer: answered.answer,
    setHash: set.hash,
    signedSet: set.signed,
    contributors: set.contributors.length,
    contributes: set.contributors.includes(seat.own),
  };
  return [{ state: 'answering', given }, [{ type: 'storeAnswer', round, given }]];
}

/** Binds this home to nothing: the coordinator may ask again, for a set without them or with their shares mended. */
function complain(contributors: readonly number[], complaints: readonly Uint8Array[], round: Round): Effect[] {
  const refused = refusal('SHARE_NOT_OPENED', { count: complaints.length, of: contributors.length });
  return [
    { type: 'writeRefusal', refusal: refused, announce: round.announce },
    ...complaints.map((payload): Effect => ({ type: 'publish', topic: 'complaint', payload })),
  ];
}

const publishAnswer = (payload: Uint8Array): Effect => ({ type: 'publish', topic: 'answer', payload });
