/**
 * One round as the coordinator sees it: which state follows on which event, and what is to be done. Here the rules up to
 * the contributor set; await-answers.ts has those from there on, round-states.ts the data. Pure: time and what was
 * received come with the event, `coordinator-shell.ts` carries out the effects.
 */
import { makeSet } from '../protocol/contributor-set.ts';
import { sameBytes } from '../protocol/hex.ts';
import type { Round } from '../protocol/round.ts';
import { awaitAnswers, opening } from './await-answers.ts';
import { firstWave } from './first-wave.ts';
import { awaitedHomes, emptyRoster, endFailed, first, isAnyAwaited } from './round-end.ts';
import type { Collecting, Coordinator, CoordinatorEvent, Effect, RoundRules, Step } from './round-states.ts';

export function collecting(round: Round): Collecting {
  return { state: 'collecting', due: false, heard: emptyRoster(round) };
}

/** @param random 32 bytes from the system's random source, new for each event: they draw the first wave */
export function coordinate(rules: RoundRules, now: Coordinator, event: CoordinatorEvent, random: Uint8Array): Step {
  switch (now.state) {
    case 'collecting':
      return collect({ ...rules, random }, now, event);
    case 'opening':
      return awaitAnswers(rules, now, event);
    default:
      // An end is an end: what comes later was sent before its sender knew.
      return [now, []];
  }
}

interface Drawn extends RoundRules {
  readonly random: Uint8Array;
}

function collect(rules: Drawn, now: Collecting, event: CoordinatorEvent): Step {
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
      return endFailed(rules, now, 'too-few-reports');
    case 'stopped':
      return endFailed(rules, now, 'stopped');
    default:
      // Answers and complaints are about a set, and there is none.
      return [now, []];
  }
}

function hearReport(rules: Drawn, now: Collecting, event: CoordinatorEvent & { type: 'report' }): Step {
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
function hearDecline(rules: Drawn, now: Collecting, event: CoordinatorEvent & { type: 'decline' }): Step {
  const { home, reason } = event;
  const before = now.heard[home - 1];
  if (before?.said === 'report' || before?.reason === reason) return [now, []];
  const heard = now.heard.with(home - 1, { said: 'decline', reason });
  return first({ type: 'storeDecline', home, reason }, settleCollecting(rules, { ...now, heard }));
}

/** The deadline is advice: it ends the waiting once there are enough, or once there cannot be. */
function settleCollecting(rules: Drawn, now: Collecting): Step {
  const { minimum } = rules.round.announce;
  if (!now.due && isAnyAwaited(rules, now)) return [now, []];
  const awaited = awaitedHomes(rules, now).length;
  const reported = reportedOf(now);
  if (reported.length >= minimum) return fixSet(rules, reported);
  // Homes that do not match by their catalogues may still report, but nobody waits for them.
  if (reported.length + awaited < minimum) return endFailed(rules, now, 'too-few-contributors');
  return [now, []];
}

function fixSet({ round, key, random }: Drawn, contributors: readonly { index: number; salt: Uint8Array }[]): Step {
  const set = makeSet(key, round, contributors);
  const wave = firstWave(round, random);
  const members = wave.length > 0 ? wave : round.roster.homes.map((home) => home.index);
  const next = opening(round, set, wave);
  const effects: Effect[] = [
    { type: 'storeSet', set, wave },
    { type: 'ask', set, members },
  ];
  return wave.length > 0 ? [{ ...next, grace: true }, [...effects, { type: 'startWave' }]] : [next, effects];
}

function reportedOf(now: Collecting): { index: number; salt: Uint8Array }[] {
  return now.heard.flatMap((heard, at) => (heard?.said === 'report' ? [{ index: at + 1, salt: heard.salt }] : []));
}
