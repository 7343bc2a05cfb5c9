/**
 * The members of a round while it is opened: who has been asked, who has answered, who is still to be waited for. Pure.
 */
import type { Former, Opening, RoundRules } from './round-states.ts';

/** Whom a set was put to, and who has answered for it. */
export interface Asked extends Pick<Opening, 'wave' | 'answers'> {
  readonly former?: Pick<Former, 'answered'>;
}

export function isAsked(now: Opening, member: number): boolean {
  if (now.wave.length > 0) return now.wave.includes(member);
  return now.former?.answered.includes(member) !== true;
}

/** The answers for the set in force. */
export function answeredBy(now: Opening): Map<number, Uint8Array> {
  return new Map(now.answers.flatMap((sums, at) => (sums === undefined ? [] : [[at + 1, sums] as const])));
}

export function answerCount(now: Opening): number {
  let count = 0;
  for (const sums of now.answers) if (sums !== undefined) count += 1;
  return count;
}

/** Those that have been asked and have neither answered nor complained. A complaint counts as an answer that is missing. */
export function awaitedMembers(now: Opening): readonly number[] {
  return unansweredMembers(now).filter((member) => !now.complaints.has(member));
}

/** Asked for the set in force; those that have answered for another are not. */
export function unansweredMembers(now: Asked): readonly number[] {
  const asked = now.wave.length > 0 ? now.wave : now.answers.map((_, at) => at + 1);
  const unanswered = asked.filter((member) => now.answers[member - 1] === undefined);
  const elsewhere = new Set(now.former?.answered);
  return now.wave.length > 0 || elsewhere.size === 0
    ? unanswered
    : unanswered.filter((member) => !elsewhere.has(member));
}

/** Those that have answered for another set, and for this one not: they never will. */
export function answeredBefore({ former, answers }: Asked): readonly number[] {
  return former?.answered.filter((member) => answers[member - 1] === undefined) ?? [];
}

/** Whether enough answers may still come. */
export function canStillOpen({ round }: RoundRules, now: Opening): boolean {
  // All are asked, and each has answered or may: not to be counted again at each of a thousand answers.
  if (now.wave.length === 0 && now.former === undefined && now.complaints.size === 0) return true;
  return answerCount(now) + awaitedMembers(now).length >= round.sharing.answers;
}
