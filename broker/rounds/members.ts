/**
 * The members of a round while it is opened: who has been asked, who has answered, who is still to be waited for. Pure.
 */
import type { Opening, RoundRules } from './round-states.ts';

/** Indices that are asked for the set in force, but for those that have answered for another. */
export function askedMembers(now: Opening): readonly number[] {
  return now.answers.map((_, at) => at + 1).filter((member) => isAsked(now, member));
}

export function isAsked(now: Opening, member: number): boolean {
  if (now.wave.length > 0) return now.wave.includes(member);
  return now.former?.answered.includes(member) !== true;
}

/** The answers for the set in force. */
export function answeredBy(now: Opening): Map<number, Uint8Array> {
  return new Map(now.answers.flatMap((sums, at) => (sums === undefined ? [] : [[at + 1, sums] as const])));
}

/** Those that have been asked and have neither answered nor complained. A complaint counts as an answer that is missing. */
export function awaitedMembers(now: Opening): readonly number[] {
  return unansweredMembers(now).filter((member) => !now.complaints.has(member));
}

export function unansweredMembers(now: Opening): readonly number[] {
  return askedMembers(now).filter((member) => now.answers[member - 1] === undefined);
}

/** Whether enough answers may still come. */
export function canStillOpen({ round }: RoundRules, now: Opening): boolean {
  return answeredBy(now).size + awaitedMembers(now).length >= round.sharing.answers;
}
