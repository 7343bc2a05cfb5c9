/**
 * One round as the coordinator sees it: which state follows on which event, and what is to be done. Here the rules up to
 * the contributor set; await-answers.ts has those from there on, round-states.ts the data. Pure: time and what was
 * received come with the event, `coordinator-shell.ts` carries out the effects.
 */
import { makeSet } from '../protocol/contributor-set.ts';
import type { DeclineReason } from '../protocol/fields.ts';
import { sameBytes } from '../protocol/hex.ts';
import type { Round } from '../protocol/round.ts';
import { awaitAnswers, opening } from './await-answers.ts';
import { firstWave } from './first-wave.ts';
import { awaitedHomes, emptyRoster, endFailed, first, isAnyAwaited } from './round-end.ts';
import type { Collecting, Coordinator, CoordinatorEvent, Effect, RoundRules, Step } from './round-states.ts';

export function collecting(round: Round): Collecting {
  return { state: 'collecting', due: false, grace: false, heard: emptyRoster(round) };
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
      return settleCollecting(rules, { ...now, due: true }, event.missed ? 'in a while' : 'now');
    case 'reportsOver':
      return now.grace ? settleCollecting(rules, { ...now, grace: false }, 'now') : [now, []];
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

/**
 * A decline binds nothing: a report after it counts, one before it stands. Of several the first stands, but for one that
 * may pass and then does not: each is a write, and a home could go on declining for ever.
 */
function hearDecline(rules: Drawn, now: Collecting, event: CoordinatorEvent & { type: 'decline' }): Step {
  const { home, reason } = event;
  const before = now.heard[home - 1];
  if (before?.said === 'report') return [now, []];
  if (before !== undefined && (!passing.has(before.reason) || passing.has(reason))) return [now, []];
  const heard = now.heard.with(home - 1, { said: 'decline', reason });
  return first({ type: 'storeDecline', home, reason }, settleCollecting(rules, { ...now, heard }));
}

/**
 * The deadline is advice: it ends the waiting once there are enough, or once there cannot be. After it, when a broker or
 * this process is back, the first few of a street complete the minimum; the set waits for the others, whose hours are
 * spent already.
 */
function settleCollecting(rules: Drawn, now: Collecting, fixes: 'now' | 'in a while' = 'in a while'): Step {
  const { minimum } = rules.round.announce;
  const isAwaited = isAnyAwaited(rules, now);
  if (!now.due && isAwaited) return [now, []];
  const reported = reportedOf(now);
  if (reported.length < minimum) {
    return canStillReport(rules, now, reported.length) ? [now, []] : endFailed(rules, now, 'too-few-contributors');
  }
  if (!isAwaited || fixes === 'now') return fixSet(rules, reported);
  return now.grace ? [now, []] : [{ ...now, grace: true }, [{ type: 'awaitReports' }]];
}

/**
 * Whether there may be as many as the minimum. A home that is paused, or lacks a reading, may come back: with hours spent
 * or about to be this is waited for. Where nobody has anything to lose the operator is told at once.
 */
function canStillReport(rules: Drawn, now: Collecting, reported: number): boolean {
  // Homes that do not match by their catalogues may still report, but nobody waits for them.
  const awaited = awaitedHomes(rules, now).length;
  const mayComeBack = now.heard.filter((heard) => heard?.said === 'decline' && passing.has(heard.reason)).length;
  return reported + awaited > 0 && reported + awaited + mayComeBack >= rules.round.announce.minimum;
}

/** What keeps a home from reporting now, and need not tomorrow. */
const passing: ReadonlySet<DeclineReason> = new Set(['paused', 'no-data']);

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
