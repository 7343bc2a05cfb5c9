/**
 * One round as the coordinator sees it: which state follows on which event, and what is to be done. Every rule of it is
 * in this file; round-states.ts has the data. Pure: time and what was received come with the event, `coordinator-shell.ts` carries out the effects.
 */
import { type AcceptedSet, makeSet } from '../protocol/contributor-set.ts';
import type { FailureReason } from '../protocol/failures.ts';
import { sameBytes } from '../protocol/hex.ts';
import type { Result } from '../protocol/json-messages.ts';
import { openSums } from '../protocol/opening.ts';
import { openedResult } from '../protocol/result.ts';
import type { Round } from '../protocol/round.ts';
import { signJson } from '../protocol/signed-json.ts';
import { statisticsOf } from '../protocol/statistics.ts';
import { failedResult } from './failed-result.ts';
import type { Collecting, Coordinator, CoordinatorEvent, Effect, Opening, RoundRules, Step } from './round-states.ts';

export function collecting(round: Round): Collecting {
  return { state: 'collecting', due: false, heard: emptyRoster(round) };
}

export function opening(round: Round, set: AcceptedSet): Opening {
  return { state: 'opening', set, grace: false, answers: emptyRoster(round) };
}

export function coordinate(rules: RoundRules, now: Coordinator, event: CoordinatorEvent): Step {
  switch (now.state) {
    case 'collecting':
      return collect(rules, now, event);
    case 'opening':
      return awaitAnswers(rules, now, event);
    default:
      // An end is an end: what comes later was sent before its sender knew.
      return [now, []];
  }
}

function collect(rules: RoundRules, now: Collecting, event: CoordinatorEvent): Step {
  switch (event.type) {
    case 'report':
      return hearReport(rules, now, event);
    case 'decline':
      return hearDecline(rules, now, event);
    case 'deadline':
      return settleCollecting(rules, { ...now, due: true });
    case 'resumed':
      return settleCollecting(rules, now);
    case 'expiry':
      return fail(rules, now, 'too-few-reports');
    default:
      // Answers and complaints are about a set, and there is none.
      return [now, []];
  }
}

function hearReport(rules: RoundRules, now: Collecting, event: CoordinatorEvent & { type: 'report' }): Step {
  const { home, salt, digest, bytes } = event;
  const before = now.heard[home - 1];
  if (before?.said === 'report') {
    // The first one counts; which of the two is true, nobody here can know.
    const same = sameBytes(before.digest, digest);
    return [now, same ? [] : [{ type: 'note', home, what: 'second-report' }]];
  }
  const heard = now.heard.with(home - 1, { said: 'report', salt, digest });
  const store: Effect = { type: 'storeReport', home, salt, digest, bytes };
  return first(store, settleCollecting(rules, { ...now, heard }));
}

/** A decline binds nothing: a report after it counts, one before it stands. */
function hearDecline(rules: RoundRules, now: Collecting, event: CoordinatorEvent & { type: 'decline' }): Step {
  const { home, reason } = event;
  const before = now.heard[home - 1];
  if (before?.said === 'report' || before?.reason === reason) return [now, []];
  const heard = now.heard.with(home - 1, { said: 'decline', reason });
  return first({ type: 'storeDecline', home, reason }, settleCollecting(rules, { ...now, heard }));
}

/** The deadline is advice: it ends the waiting once there are enough, or once there cannot be. */
function settleCollecting(rules: RoundRules, now: Collecting): Step {
  const { minimum } = rules.round.announce;
  const reported = reportedOf(now);
  const awaited = awaitedOf(rules, now).length;
  if (awaited > 0 && !now.due) return [now, []];
  if (reported.length >= minimum) return fixSet(rules, reported);
  // Homes that do not match by their catalogues may still report, but nobody waits for them.
  if (reported.length + awaited < minimum) return fail(rules, now, 'too-few-contributors');
  return [now, []];
}

function fixSet({ round, key }: RoundRules, contributors: readonly { index: number; salt: Uint8Array }[]): Step {
  const set = makeSet(key, round, contributors);
  const members = round.roster.homes.map((home) => home.index);
  return [
    opening(round, set),
    [
      { type: 'storeSet', set },
      { type: 'ask', set, members },
    ],
  ];
}

function awaitAnswers(rules: RoundRules, now: Opening, event: CoordinatorEvent): Step {
  switch (event.type) {
    case 'answer':
      return hearAnswer(rules, now, event);
    case 'resumed':
      return settleOpening(rules, now);
    case 'complaint':
      // Where there is a first wave, the contributor is dropped and a second set fixed: a step to another `Opening`.
      return fail(rules, now, 'complaint');
    case 'graceOver':
      return now.grace ? open(rules, now) : [now, []];
    case 'expiry':
      return answersOf(now).size >= rules.round.sharing.answers
        ? open(rules, now)
        : fail(rules, now, 'too-few-answers');
    case 'report':
      return [now, isContributor(now, event.home) ? [] : [{ type: 'note', home: event.home, what: 'late-report' }]];
    default:
      return [now, []];
  }
}

function hearAnswer(rules: RoundRules, now: Opening, { home, sums }: CoordinatorEvent & { type: 'answer' }): Step {
  const before = now.answers[home - 1];
  if (before !== undefined) {
    return [now, sameBytes(before, sums) ? [] : [{ type: 'note', home, what: 'second-answer' }]];
  }
  const answers = now.answers.with(home - 1, sums);
  const store: Effect = { type: 'storeAnswer', home, set: now.set, sums };
  return first(store, settleOpening(rules, { ...now, answers }));
}

function settleOpening(rules: RoundRules, now: Opening): Step {
  const came = answersOf(now).size;
  if (came === now.answers.length) return open(rules, now);
  if (came < rules.round.sharing.answers || now.grace) return [now, []];
  return [{ ...now, grace: true }, [{ type: 'startGrace' }]];
}

function open(rules: RoundRules, now: Opening): Step {
  const { announce, sharing, length } = rules.round;
  const answers = answersOf(now);
  const opened = openSums(sharing, length, answers);
  // More wrong answers than can be left out; a few only show in the result.
  if ('offPolynomial' in opened) return fail(rules, now, 'off-polynomial');
  const statistics = statisticsOf(announce, now.set.contributors.length, opened.integers);
  if (statistics === undefined) return fail(rules, now, 'implausible');
  const { checked, inconsistent } = opened;
  const text = signJson(
    rules.key,
    openedResult(rules.round, now.set, { answers: answers.size, checked, inconsistent }, statistics),
  );
  return end('opened', text);
}

function fail(rules: RoundRules, now: Collecting | Opening, reason: FailureReason): Step {
  const { round } = rules;
  const parts = now.state === 'collecting' ? {} : { set: now.set, answers: answersOf(now).size };
  const missing = missingAt(rules, now, reason);
  return end('failed', signJson(rules.key, failedResult(round, { reason, ...parts, ...(missing && { missing }) })));
}

/** Who was awaited in vain, where it is for that that the round fails. */
function missingAt(rules: RoundRules, now: Collecting | Opening, reason: FailureReason): readonly number[] | undefined {
  if (reason === 'too-few-reports' && now.state === 'collecting') return awaitedOf(rules, now);
  if (reason === 'too-few-answers' && now.state === 'opening') return unansweredOf(now);
  return undefined;
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

/** Homes that match and have said nothing. */
function awaitedOf({ matching }: RoundRules, now: Collecting): readonly number[] {
  return matching.filter((home) => now.heard[home - 1] === undefined);
}

function reportedOf(now: Collecting): { index: number; salt: Uint8Array }[] {
  return now.heard.flatMap((heard, at) => (heard?.said === 'report' ? [{ index: at + 1, salt: heard.salt }] : []));
}

function answersOf(now: Opening): Map<number, Uint8Array> {
  return new Map(now.answers.flatMap((sums, at) => (sums === undefined ? [] : [[at + 1, sums] as const])));
}

function unansweredOf(now: Opening): readonly number[] {
  return now.answers.flatMap((sums, at) => (sums === undefined ? [at + 1] : []));
}

function isContributor(now: Opening, home: number): boolean {
  return now.set.contributors.includes(home);
}

function first(effect: Effect, [state, effects]: Step): Step {
  return [state, [effect, ...effects]];
}

function emptyRoster(round: Round): undefined[] {
  return new Array<undefined>(round.roster.homes.length).fill(undefined);
}
