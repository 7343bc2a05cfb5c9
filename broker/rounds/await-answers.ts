/**
 * A round while answers are awaited: the rules from its contributor set to its result. Pure; coordinator.ts leads here.
 */
import { type AcceptedSet, makeSet } from '../protocol/contributor-set.ts';
import { sameBytes } from '../protocol/hex.ts';
import { openSums } from '../protocol/opening.ts';
import { openedResult } from '../protocol/result.ts';
import type { Round } from '../protocol/round.ts';
import { signJson } from '../protocol/signed-json.ts';
import { statisticsOf } from '../protocol/statistics.ts';
import { droppedAfterWave, namedBy, withComplaint } from './complaints.ts';
import { answerCount, answeredBy, awaitedMembers, canStillOpen, isAsked } from './members.ts';
import { emptyRoster, endFailed, endOpened, first } from './round-end.ts';
import type { CoordinatorEvent, Effect, Former, Opening, RoundRules, Step } from './round-states.ts';

/** @param wave the members that are asked first; without any, everyone is */
export function opening(round: Round, set: AcceptedSet, wave: readonly number[] = [], former?: Former): Opening {
  return {
    state: 'opening',
    set,
    wave,
    ...(former !== undefined && { former }),
    grace: false,
    answers: emptyRoster(round),
    complaints: new Map(),
  };
}

export function awaitAnswers(rules: RoundRules, now: Opening, event: CoordinatorEvent): Step {
  switch (event.type) {
    case 'answer':
      return hearAnswer(rules, now, event);
    case 'complaint':
      return hearComplaint(rules, now, event);
    case 'resumed':
      return settleOpening(rules, now);
    case 'waveOver':
      return now.wave.length > 0 ? afterWave(rules, now) : [now, []];
    case 'graceOver':
      return now.grace ? afterGrace(rules, now) : [now, []];
    case 'expiry':
      return answerCount(now) >= rules.round.sharing.answers
        ? open(rules, now, 'last chance')
        : endFailed(rules, now, 'too-few-answers');
    case 'stopped':
      return endFailed(rules, now, 'stopped');
    case 'report':
      return [now, isKnown(now, event.home) ? [] : [{ type: 'note', home: event.home, what: 'late-report' }]];
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

/** It binds nobody: the member may still answer, and what it says after its answer is not heard. */
function hearComplaint(rules: RoundRules, now: Opening, event: CoordinatorEvent & { type: 'complaint' }): Step {
  const { home, contributor } = event;
  const complaints = withComplaint(rules, now, event);
  if (complaints === now.complaints || !isAsked(now, home) || now.answers[home - 1] !== undefined) return [now, []];
  const store: Effect = { type: 'storeComplaint', home, set: now.set, contributor };
  return first(store, settleOpening(rules, { ...now, complaints }));
}

function settleOpening(rules: RoundRules, now: Opening): Step {
  if (now.wave.length > 0) return settleWave(rules, now);
  const enough = answerCount(now) >= rules.round.sharing.answers;
  if (enough && awaitedMembers(now).length === 0) return open(rules, now, 'last chance');
  if (now.grace || (!enough && canStillOpen(rules, now))) return [now, []];
  return [{ ...now, grace: true }, [{ type: 'startGrace' }]];
}

function settleWave(rules: RoundRules, now: Opening): Step {
  // With a complaint there may be more to come, of this member or others: the wave then takes its time.
  if (now.complaints.size === 0 && awaitedMembers(now).length === 0) return afterWave(rules, now);
  return now.grace ? [now, []] : [{ ...now, grace: true }, [{ type: 'startWave' }]];
}

function afterWave(rules: RoundRules, now: Opening): Step {
  const dropped = droppedAfterWave(rules, now);
  if (dropped.length > 0) return fixSecondSet(rules, now, dropped);
  const asked: Opening = { ...now, wave: [], grace: false };
  const members = awaitedMembers(asked).filter((member) => !now.wave.includes(member));
  const [next, effects] = settleOpening(rules, asked);
  return [next, [{ type: 'storeAskedAll', set: now.set }, { type: 'ask', set: now.set, members }, ...effects]];
}

/** Once a round: of the members that may fail, half are left for those that have answered for the first set. */
function fixSecondSet(rules: RoundRules, now: Opening, dropped: readonly number[]): Step {
  const contributors = now.set.contributors.flatMap((index, at) =>
    dropped.includes(index) ? [] : [{ index, salt: now.set.salts[at] as Uint8Array }],
  );
  const set = makeSet(rules.key, rules.round, contributors);
  const answered = [...answeredBy(now).keys()];
  const next = opening(rules.round, set, [], { hash: now.set.hash, answered, complaints: now.complaints });
  return [
    next,
    [
      { type: 'storeSet', set, wave: [] },
      { type: 'release', members: answered },
      { type: 'ask', set, members: awaitedMembers(next) },
    ],
  ];
}

function afterGrace(rules: RoundRules, now: Opening): Step {
  if (answerCount(now) >= rules.round.sharing.answers) return open(rules, now, 'more may come');
  // What came in the meantime may have made it possible again.
  return canStillOpen(rules, now) ? [{ ...now, grace: false }, []] : endFailed(rules, now, 'complaint');
}

function open(rules: RoundRules, now: Opening, chance: 'more may come' | 'last chance'): Step {
  const { announce, sharing, length } = rules.round;
  const answers = answeredBy(now);
  // The next answer begins another grace time, after which it is tried again.
  const waits = chance === 'more may come' && awaitedMembers(now).length > 0;
  const waiting: Step = [{ ...now, grace: false }, []];
  const opened = openSums(sharing, length, answers);
  if ('offPolynomial' in opened) return waits ? waiting : endFailed(rules, now, 'off-polynomial');
  const statistics = statisticsOf(announce, now.set.contributors.length, opened.integers);
  if (statistics === undefined) {
    // Where nothing is checked a wrong answer looks just like this.
    return waits && !opened.checked ? waiting : endFailed(rules, now, 'implausible');
  }
  const { checked, inconsistent } = opened;
  const how = { answers: answers.size, checked, inconsistent, ...namedBy(rules, now) };
  return endOpened(signJson(rules.key, openedResult(rules.round, now.set, how, statistics)));
}

/** In this set, or dropped from the one before: its report is not late. */
function isKnown(now: Opening, home: number): boolean {
  return now.set.contributors.includes(home) || [...(now.former?.complaints.values() ?? [])].flat().includes(home);
}
