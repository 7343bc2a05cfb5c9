/**
 * How a round's machine ends: the signed result, what is stored and published of it. Pure.
 */
import type { FailureReason } from '../protocol/failures.ts';
import type { Result } from '../protocol/json-messages.ts';
import { failedResult } from '../protocol/result.ts';
import type { Round } from '../protocol/round.ts';
import { signJson } from '../protocol/signed-json.ts';
import { namedBy } from './complaints.ts';
import { answerCount, answeredBefore, unansweredMembers } from './members.ts';
import type { Collecting, Effect, Opening, RoundRules, Step } from './round-states.ts';

export function endOpened(text: string): Step {
  return end('opened', text);
}

export function endFailed(rules: RoundRules, now: Collecting | Opening, reason: FailureReason): Step {
  const { round } = rules;
  const parts = now.state === 'collecting' ? {} : { set: now.set, answers: answerCount(now), ...namedBy(rules, now) };
  const missing = missingAt(rules, now, reason);
  return end('failed', signJson(rules.key, failedResult(round, { reason, ...parts, ...(missing && { missing }) })));
}

/** Who was awaited in vain, where it is for that that the round fails. */
function missingAt(rules: RoundRules, now: Collecting | Opening, reason: FailureReason): readonly number[] | undefined {
  if (reason === 'too-few-reports' && now.state === 'collecting') return awaitedHomes(rules, now);
  if (reason === 'too-few-answers' && now.state === 'opening') {
    // Those that answered for another set are no less missing.
    return [...unansweredMembers(now), ...answeredBefore(now)].sort((one, other) => one - other);
  }
  return undefined;
}

/** Homes that match and have said nothing. */
export function awaitedHomes({ matching }: RoundRules, now: Collecting): readonly number[] {
  return matching.filter((home) => now.heard[home - 1] === undefined);
}

/** Whether there are such: all it takes is one, which is soon found while many are. */
export function isAnyAwaited({ matching }: RoundRules, now: Collecting): boolean {
  return matching.some((home) => now.heard[home - 1] === undefined);
}

function end(state: 'opened' | 'failed', text: string): Step {
  const result = JSON.parse(text) as Result;
  return [
    { state, result },
    [
      { type: 'storeResult', result, text },
      { type: 'end', result, text },
    ],
  ];
}

export function first(effect: Effect, [state, effects]: Step): Step {
  return [state, [effect, ...effects]];
}

export function emptyRoster(round: Round): undefined[] {
  return new Array<undefined>(round.roster.homes.length).fill(undefined);
}
