import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { pairKeysOf } from '../../../broker/protocol/agreement.ts';
import { answerOpen, readAnswer } from '../../../broker/protocol/answer.ts';
import { makeSet } from '../../../broker/protocol/contributor-set.ts';
import type { DeclineReason } from '../../../broker/protocol/fields.ts';
import { FailedResult, OpenedResult, Result } from '../../../broker/protocol/json-messages.ts';
import { makeReport, readReport } from '../../../broker/protocol/report.ts';
import type { Round } from '../../../broker/protocol/round.ts';
import { drawResidues } from '../../../broker/protocol/sharing.ts';
import { readSignedJson } from '../../../broker/protocol/signed-json.ts';
import { encodeVector } from '../../../broker/protocol/vector.ts';
import { opening } from '../../../broker/rounds/await-answers.ts';
import { collecting, coordinate } from '../../../broker/rounds/coordinator.ts';
import type { Coordinator, CoordinatorEvent, Effect, RoundRules } from '../../../broker/rounds/round-states.ts';
import { makeCohort, roundOf } from './made-cohort.ts';

const names = ['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gus', 'hal', 'ida', 'joe'];
const made = makeCohort(names);
/** Ten homes: nine answers open. Home 10 matches nothing by its catalogue. */
const round = roundOf(made, { minimum: 3 });
const rules: RoundRules = { round, matching: [1, 2, 3, 4], key: made.coordinator };
const pairKeys = made.homes.map((home) => pairKeysOf(home.secret, round.roster));
const values = (home: number) => [home, 10 * home, 100 * home, 1000 * home];

const reports = made.homes.map((_, at) => reportOf(round, at + 1, values(at + 1)));
const report = (home: number, bytes = reports[home - 1] ?? Buffer.alloc(0)): CoordinatorEvent => ({
  type: 'report',
  home,
  salt: readReport(round, bytes).salt,
  digest: bytes.subarray(-32),
  bytes,
});
const decline = (home: number, reason: DeclineReason = 'spent'): CoordinatorEvent => ({
  type: 'decline',
  home,
  reason,
});
const deadline: CoordinatorEvent = { type: 'deadline', missed: false };
const missedDeadline: CoordinatorEvent = { type: 'deadline', missed: true };
const reportsOver: CoordinatorEvent = { type: 'reportsOver' };
const expiry: CoordinatorEvent = { type: 'expiry' };
const graceOver: CoordinatorEvent = { type: 'graceOver' };
const resumed: CoordinatorEvent = { type: 'resumed' };

/** The answers of all homes to the set of homes 1, 2 and 3. */
let sums: Uint8Array[];
const set = makeSet(
  rules.key,
  round,
  [1, 2, 3].map((index) => ({ index, salt: readReport(round, reports[index - 1] as Uint8Array).salt })),
);
beforeAll(() => {
  const shares = [0, 1, 2].map((at) => readReport(round, reports[at] as Uint8Array).shares);
  sums = made.homes.map((_, at) => {
    const sealed = shares.map((own) => own[at] as Uint8Array);
    const answered = answerOpen(round, at + 1, pairKeys[at] as Uint8Array[], { set, sealed });
    if (!('answer' in answered)) throw new Error('a share did not open');
    return readAnswer(round, set.hash, answered.answer);
  });
});
const answer = (home: number): CoordinatorEvent => ({ type: 'answer', home, sums: sums[home - 1] as Uint8Array });

function reportOf(of: Round, home: number, wattHours: readonly number[]): Uint8Array {
  const residues = drawResidues(of.sharing, of.blocks, randomBytes);
  const vector = encodeVector(of.announce, wattHours);
  return makeReport(of, home, pairKeys[home - 1] as Uint8Array[], vector, randomBytes(16), residues);
}

/** Plays events from a state on: the state then, and all effects by their types. */
function play(from: Coordinator, events: readonly CoordinatorEvent[], by = rules): [Coordinator, Effect[]] {
  let now = from;
  const all: Effect[] = [];
  for (const event of events) {
    const [next, effects] = coordinate(by, now, event, Buffer.alloc(32));
    now = next;
    all.push(...effects);
  }
  return [now, all];
}
const typesOf = (effects: readonly Effect[]) => effects.map((effect) => effect.type).join(' ');
const reportsOf = (...homes: number[]) => homes.map((home) => report(home));

describe('while reports are collected', () => {
  const start = collecting(round);
  test.each<[string, CoordinatorEvent[], string, string]>([
    ['a first report is stored', reportsOf(1), 'collecting', 'storeReport'],
    ['the same report again changes nothing', reportsOf(1, 1), 'collecting', 'storeReport'],
    ['a decline is stored', [decline(1)], 'collecting', 'storeDecline'],
    ['the same decline again changes nothing', [decline(1), decline(1)], 'collecting', 'storeDecline'],
    [
      'a decline that lasts replaces one that may pass',
      [decline(1, 'paused'), decline(1)],
      'collecting',
      'storeDecline storeDecline',
    ],
    [
      'however often a home changes its mind, that is all that is written',
      [decline(1, 'paused'), decline(1, 'no-data'), decline(1), decline(1, 'policy'), decline(1, 'paused'), decline(1)],
      'collecting',
      'storeDecline storeDecline',
    ],
    [
      'a decline binds nothing: a report after it counts',
      [decline(1), report(1)],
      'collecting',
      'storeDecline storeReport',
    ],
    ['a decline after a report changes nothing', [report(1), decline(1)], 'collecting', 'storeReport'],
    [
      'once all that match have reported, the set is fixed before the deadline',
      reportsOf(1, 2, 3, 4),
      'opening',
      'storeReport storeReport storeReport storeReport storeSet ask',
    ],
    [
      'once all that match have reported or declined, the set is fixed',
      [...reportsOf(1, 2), decline(4), report(3)],
      'opening',
      'storeReport storeReport storeDecline storeReport storeSet ask',
    ],
    [
      'a home that matches nothing is not waited for',
      [...reportsOf(1, 2, 3), report(10), decline(4)],
      'opening',
      'storeReport storeReport storeReport storeReport storeDecline storeSet ask',
    ],
    [
      'a report of a home that matches nothing counts',
      [report(10), ...reportsOf(1, 2), decline(3), decline(4)],
      'opening',
      'storeReport storeReport storeReport storeDecline storeDecline storeSet ask',
    ],
    [
      'all have answered and too few reported: it fails at once',
      [report(1), decline(2), decline(3), decline(4)],
      'failed',
      'storeReport storeDecline storeDecline storeDecline storeResult end',
    ],
    ...(['spent', 'not-published', 'policy'] as const).map((reason): [string, CoordinatorEvent[], string, string] => [
      `all have answered, too few reported, and ${reason} does not pass: it fails at once`,
      [...reportsOf(1, 2), decline(3, reason), decline(4)],
      'failed',
      'storeReport storeReport storeDecline storeDecline storeResult end',
    ]),
    [
      'what passes would not suffice: it fails at once',
      [report(1), decline(2, 'paused'), decline(3), decline(4)],
      'failed',
      'storeReport storeDecline storeDecline storeDecline storeResult end',
    ],
    [
      'at the deadline too few may come but for those that are paused: it goes on',
      [report(1), decline(2, 'paused'), decline(3), deadline],
      'collecting',
      'storeReport storeDecline storeDecline',
    ],
    [
      'enough have reported: for those that are paused nobody waits',
      [...reportsOf(1, 2, 3), decline(4, 'paused')],
      'opening',
      'storeReport storeReport storeReport storeDecline storeSet ask',
    ],
    [
      'too few can report, but not all have answered: it waits for the deadline',
      [decline(1), decline(2)],
      'collecting',
      'storeDecline storeDecline',
    ],
    [
      'at the deadline too few can report: it fails',
      [decline(1), decline(2), deadline],
      'failed',
      'storeDecline storeDecline storeResult end',
    ],
    [
      'at the deadline enough have reported: the set is fixed',
      [...reportsOf(1, 2, 3), deadline],
      'opening',
      'storeReport storeReport storeReport storeSet ask',
    ],
    [
      'at the deadline too few have reported, but enough may: it waits on',
      [report(1), deadline],
      'collecting',
      'storeReport',
    ],
    [
      'a late report completes the minimum: others may be on their way, too',
      [...reportsOf(1, 2), deadline, report(3)],
      'collecting',
      'storeReport storeReport storeReport awaitReports',
    ],
    [
      'late reports have had their time: the set is fixed',
      [...reportsOf(1, 2), deadline, report(3), reportsOver],
      'opening',
      'storeReport storeReport storeReport awaitReports storeSet ask',
    ],
    [
      'the last of the late reports: the set is fixed at once',
      [...reportsOf(1, 2), deadline, ...reportsOf(3, 4)],
      'opening',
      'storeReport storeReport storeReport awaitReports storeReport storeSet ask',
    ],
    [
      'late reports that nobody waits for are not over',
      [...reportsOf(1, 2), reportsOver],
      'collecting',
      'storeReport storeReport',
    ],
    [
      'nobody was here at the deadline: reports may be on their way though there are enough',
      [...reportsOf(1, 2, 3), missedDeadline],
      'collecting',
      'storeReport storeReport storeReport awaitReports',
    ],
    [
      'all that match have spoken, and a home that is paused may come back: what was reported is not given up',
      [...reportsOf(1, 2), decline(3, 'paused'), decline(4)],
      'collecting',
      'storeReport storeReport storeDecline storeDecline',
    ],
    [
      'it is not given up at the deadline either',
      [...reportsOf(1, 2), decline(3, 'no-data'), decline(4), deadline],
      'collecting',
      'storeReport storeReport storeDecline storeDecline',
    ],
    [
      'the home that was paused comes back: the set is fixed',
      [...reportsOf(1, 2), decline(3, 'paused'), decline(4), deadline, report(3)],
      'opening',
      'storeReport storeReport storeDecline storeDecline storeReport storeSet ask',
    ],
    [
      'it does not come back',
      [...reportsOf(1, 2), decline(3, 'paused'), decline(4), deadline, expiry],
      'failed',
      'storeReport storeReport storeDecline storeDecline storeResult end',
    ],
    [
      'its hours are spent after all: it fails at once',
      [...reportsOf(1, 2), decline(3, 'paused'), decline(4), decline(3)],
      'failed',
      'storeReport storeReport storeDecline storeDecline storeDecline storeResult end',
    ],
    [
      'all that match are paused, and nobody has reported: it fails at once',
      [1, 2, 3, 4].map((home) => decline(home, 'paused')),
      'failed',
      'storeDecline storeDecline storeDecline storeDecline storeResult end',
    ],
    [
      'a home that is silent may have spent its hours: those that are paused are waited for',
      [decline(1, 'paused'), decline(2, 'paused'), decline(3, 'paused'), deadline],
      'collecting',
      'storeDecline storeDecline storeDecline',
    ],
    [
      'after the deadline a decline makes the minimum impossible: it fails',
      [decline(1), deadline, decline(2)],
      'failed',
      'storeDecline storeDecline storeResult end',
    ],
    [
      'it expires before the minimum',
      [...reportsOf(1, 2), deadline, expiry],
      'failed',
      'storeReport storeReport storeResult end',
    ],
    [
      'answers and complaints are about no set yet',
      [
        { type: 'answer', home: 1, sums: Buffer.alloc(8) },
        { type: 'complaint', home: 1, contributor: 2 },
      ],
      'collecting',
      '',
    ],
    ['nothing is done when it goes on after a restart', [resumed], 'collecting', ''],
  ])('%s', (_, events, state, effects) => {
    const [now, all] = play(start, events);
    expect(now.state).toBe(state);
    expect(typesOf(all)).toBe(effects);
  });

  test('of two different reports of one home the first counts, and the second is noted', () => {
    const other = reportOf(round, 1, [9, 9, 9, 9]);
    const [now, all] = play(start, [report(1), report(1, other), ...reportsOf(2, 3, 4)]);
    expect(all.filter((effect) => effect.type === 'note')).toEqual([{ type: 'note', home: 1, what: 'second-report' }]);
    expect(now.state === 'opening' && now.set.salts[0]).toEqual(readReport(round, reports[0] as Uint8Array).salt);
  });

  test('the set names exactly those who reported, and every member is asked', () => {
    const [now, all] = play(start, [report(10), ...reportsOf(4, 1), decline(2), decline(3)]);
    expect(now.state === 'opening' && now.set.contributors).toEqual([1, 4, 10]);
    expect(all.find((effect) => effect.type === 'ask')).toMatchObject({ members: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] });
  });

  test('killed between the last report and the set, it fixes the set when it goes on', () => {
    const [before] = play(start, reportsOf(1, 2, 3));
    if (before.state !== 'collecting') throw new Error('not collecting');
    const stored = { ...before, heard: before.heard.with(3, { said: 'decline', reason: 'spent' }) } as const;
    const [now, all] = play(stored, [resumed]);
    expect(now.state).toBe('opening');
    expect(typesOf(all)).toBe('storeSet ask');
  });
});

describe('while answers are awaited', () => {
  const start = () => opening(round, set);
  const answers = (count: number) => made.homes.slice(0, count).map((_, at) => answer(at + 1));
  const stored = (count: number) => Array.from({ length: count }, () => 'storeAnswer').join(' ');
  test.each<[string, () => CoordinatorEvent[], string, () => string]>([
    ['an answer is stored', () => answers(1), 'opening', () => stored(1)],
    ['the same answer again changes nothing', () => [answer(1), answer(1)], 'opening', () => stored(1)],
    [
      'enough answers: for the grace time more are awaited',
      () => answers(9),
      'opening',
      () => `${stored(9)} startGrace`,
    ],
    [
      'the grace time is over: it opens',
      () => [...answers(9), graceOver],
      'opened',
      () => `${stored(9)} startGrace storeResult end`,
    ],
    [
      'all answered: it opens at once',
      () => answers(10),
      'opened',
      () => `${stored(9)} startGrace storeAnswer storeResult end`,
    ],
    ['a grace time that was not started is not over', () => [...answers(8), graceOver], 'opening', () => stored(8)],
    [
      'expired with enough answers it opens',
      () => [...answers(9), expiry],
      'opened',
      () => `${stored(9)} startGrace storeResult end`,
    ],
    ['expired with too few it fails', () => [...answers(8), expiry], 'failed', () => `${stored(8)} storeResult end`],
    [
      'a complaint alone does not fail it: one member may be missing',
      () => [...answers(2), { type: 'complaint', home: 5, contributor: 2 }],
      'opening',
      () => `${stored(2)} storeComplaint`,
    ],
    ['a contributor that repeats its report is not told off', () => [report(1)], 'opening', () => ''],
    ['a report after the set is noted', () => [report(4)], 'opening', () => 'note'],
    ['declines and the deadline have nothing to say any more', () => [decline(5), deadline], 'opening', () => ''],
  ])('%s', (_, events, state, effects) => {
    const [now, all] = play(start(), events());
    expect(now.state).toBe(state);
    expect(typesOf(all)).toBe(effects());
  });

  test.each([
    [8, ''],
    [9, 'startGrace'],
    [10, 'storeResult end'],
  ])('going on after a restart with %i answers: %s', (count, effects) => {
    const restored = { ...start(), answers: sums.map((sum, at) => (at < count ? sum : undefined)) };
    expect(typesOf(play(restored, [resumed])[1])).toBe(effects);
  });

  test('the grace time begins once, however many answers come in it', () => {
    const fifteen = makeCohort(Array.from({ length: 15 }, (_, at) => `home-${at + 10}`));
    const wide = roundOf(fifteen, { minimum: 3 });
    const anySet = makeSet(
      fifteen.coordinator,
      wide,
      [1, 2, 3].map((index) => ({ index, salt: Buffer.alloc(16) })),
    );
    const events = wide.roster.homes.slice(0, 14).map(({ index }): CoordinatorEvent => {
      return { type: 'answer', home: index, sums: Buffer.alloc(8 * wide.blocks) };
    });
    const [now, all] = play(opening(wide, anySet), events, { round: wide, matching: [], key: fifteen.coordinator });
    expect(now.state).toBe('opening');
    expect(all.filter((effect) => effect.type === 'startGrace')).toHaveLength(1);
    expect(typesOf(all.slice(0, 13))).toBe(`${stored(12)} startGrace`);
  });

  test('of two different answers of one member the first counts', () => {
    const other: CoordinatorEvent = { type: 'answer', home: 1, sums: sums[1] as Uint8Array };
    const [now, all] = play(start(), [answer(1), other]);
    expect(now.state === 'opening' && now.answers[0]).toEqual(sums[0]);
    expect(typesOf(all)).toBe('storeAnswer note');
  });

  test('the result is the sum over the contributors, signed', () => {
    const [now, all] = play(start(), [...answers(9), graceOver]);
    const ended = all.find((effect) => effect.type === 'end');
    const result = readSignedJson(Result, 'result', rules.key.publicKey, ended?.text ?? '', 'the coordinator');
    expect(now.state === 'opened' && now.result).toEqual(result);
    expect(OpenedResult.parse(result)).toMatchObject({
      sum: [6, 60, 600, 6000],
      mean: [2, 20, 200, 2000],
      contributors: 3,
      members: 10,
      answers: 9,
      needed: 9,
      checked: false,
      inconsistent: [],
    });
  });

  test('with more answers than needed the result is checked', () => {
    const [now] = play(start(), answers(10));
    expect(now).toMatchObject({ result: { answers: 10, needed: 9, checked: true } });
  });

  test('answers off the polynomial fail it', () => {
    const wrong: CoordinatorEvent = { type: 'answer', home: 10, sums: sums[0] as Uint8Array };
    const [now] = play(start(), [...answers(9), wrong]);
    expect(now).toMatchObject({ state: 'failed', result: { reason: 'off-polynomial', answers: 10, needed: 9 } });
  });
});

describe('how a round fails', () => {
  const missing = (events: readonly CoordinatorEvent[], from: Coordinator) => {
    const [now] = play(from, events);
    if (now.state !== 'failed') throw new Error(`it is ${now.state}`);
    return FailedResult.parse(now.result);
  };

  test('expired while collecting, it names the homes that were awaited', () => {
    const result = missing([...reportsOf(1, 2), expiry], collecting(round));
    expect(result).toMatchObject({ reason: 'too-few-reports', missing: ['cleo', 'dan'] });
    expect(result.set).toBeUndefined();
  });

  test('expired while opening, it names the members that did not answer', () => {
    const result = missing([answer(2), answer(3), expiry], opening(round, set));
    expect(result).toMatchObject({ reason: 'too-few-answers', contributors: 3, answers: 2, needed: 9 });
    expect(result.missing).toEqual(['ada', 'dan', 'eve', 'finn', 'gus', 'hal', 'ida', 'joe']);
  });

  test('a sum that the contributors cannot have is implausible', () => {
    const low = roundOf(made, { minimum: 3, limit: 100 });
    const by: RoundRules = { ...rules, round: low, matching: [1, 2, 3] };
    // Home 1 encodes under a limit that was not announced.
    const vectors = [
      encodeVector({ ...low.announce, limit: 9999 }, [900, 0, 0, 0]),
      [0n, 0n, 0n, 0n],
      [0n, 0n, 0n, 0n],
    ];
    const sent = vectors.map((vector, at) => {
      const residues = drawResidues(low.sharing, low.blocks, randomBytes);
      return makeReport(
        low,
        at + 1,
        pairKeysOf((made.homes[at] as (typeof made.homes)[0]).secret, low.roster),
        vector,
        randomBytes(16),
        residues,
      );
    });
    const read = sent.map((bytes) => readReport(low, bytes));
    const events = sent.map(
      (bytes, at): CoordinatorEvent => ({
        type: 'report',
        home: at + 1,
        salt: read[at]?.salt ?? bytes,
        digest: bytes.subarray(-32),
        bytes,
      }),
    );
    const [now] = play(collecting(low), events, by);
    if (now.state !== 'opening') throw new Error(`it is ${now.state}`);
    const answers = made.homes.map((home, at): CoordinatorEvent => {
      const sealed = read.map(({ shares }) => shares[at] as Uint8Array);
      const answered = answerOpen(low, at + 1, pairKeysOf(home.secret, low.roster), { set: now.set, sealed });
      if (!('answer' in answered)) throw new Error('a share did not open');
      return { type: 'answer', home: at + 1, sums: readAnswer(low, now.set.hash, answered.answer) };
    });
    expect(play(now, answers, by)[0]).toMatchObject({ state: 'failed', result: { reason: 'implausible' } });
  });

  test('what comes after the end changes nothing', () => {
    const [ended] = play(collecting(round), [expiry]);
    for (const event of [report(1), decline(1), deadline, expiry, answer(1), graceOver, resumed]) {
      expect(coordinate(rules, ended, event, Buffer.alloc(32))).toEqual([ended, []]);
    }
  });
});
