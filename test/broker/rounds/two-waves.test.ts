import { describe, expect, test } from 'vitest';
import { makeSet } from '../../../broker/protocol/contributor-set.ts';
import { Result } from '../../../broker/protocol/json-messages.ts';
import { readSignedJson } from '../../../broker/protocol/signed-json.ts';
import { opening } from '../../../broker/rounds/await-answers.ts';
import { coordinate } from '../../../broker/rounds/coordinator.ts';
import { firstWave } from '../../../broker/rounds/first-wave.ts';
import type {
  Coordinator,
  CoordinatorEvent,
  Effect,
  Opening,
  RoundRules,
} from '../../../broker/rounds/round-states.ts';
import { makeCohort, roundOf } from './made-cohort.ts';

/** 33 homes: 26 answers open, 7 may fail, 3 are asked first. The last ten contribute nothing. */
const made = makeCohort(Array.from({ length: 33 }, (_, at) => `home-${at + 10}`));
const round = roundOf(made, { minimum: 20, dropouts: 7, packing: 1, limit: 10_000 });
const rules: RoundRules = { round, matching: [], key: made.coordinator };
const nameOf = (home: number) => made.homes[home - 1]?.id ?? '';
const contributors = Array.from({ length: 23 }, (_, at) => ({ index: at + 1, salt: Buffer.alloc(16, at) }));
const set = makeSet(rules.key, round, contributors);
const wave = [5, 10, 15];
const start = (): Opening => ({ ...opening(round, set, wave), grace: true });
const zeros = Buffer.alloc(8 * round.blocks);
const nines = Buffer.alloc(8 * round.blocks, 9);

const answer = (home: number, sums = zeros): CoordinatorEvent => ({ type: 'answer', home, sums });
const complaint = (home: number, contributor: number): CoordinatorEvent => ({ type: 'complaint', home, contributor });
const complaints = (homes: readonly number[], ...about: number[]) =>
  homes.flatMap((home) => about.map((contributor) => complaint(home, contributor)));
const waveOver: CoordinatorEvent = { type: 'waveOver' };
const graceOver: CoordinatorEvent = { type: 'graceOver' };
const expiry: CoordinatorEvent = { type: 'expiry' };
const waveAnswers = wave.map((home) => answer(home));
const others = made.homes.map((_, at) => at + 1).filter((home) => !wave.includes(home));

function play(from: Coordinator, events: readonly CoordinatorEvent[]): [Coordinator, Effect[]] {
  let now = from;
  const all: Effect[] = [];
  for (const event of events) {
    const [next, effects] = coordinate(rules, now, event, Buffer.alloc(32));
    now = next;
    all.push(...effects);
  }
  return [now, all];
}
const typesOf = (effects: readonly Effect[]) =>
  effects.map(({ type }) => type).filter((type) => !['storeAnswer', 'storeComplaint'].includes(type));
const asked = (effects: readonly Effect[]) => effects.findLast((effect) => effect.type === 'ask')?.members;

describe('the first wave', () => {
  test('is drawn anew by its random bytes, half of those that may fail, every member as often', () => {
    const drawn = new Map<number, number>();
    for (let draw = 0; draw < 400; draw += 1) {
      const members = firstWave(round, Buffer.from([draw & 255, draw >> 8]));
      expect(members).toHaveLength(3);
      for (const member of members) drawn.set(member, (drawn.get(member) ?? 0) + 1);
    }
    expect(drawn.size).toBe(33);
    expect(Math.min(...drawn.values())).toBeGreaterThan(15);
  });

  test.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 1],
    [7, 3],
  ])('has none or half: %i may fail, %i are asked first', (dropouts, size) => {
    expect(firstWave(roundOf(made, { dropouts, packing: 1 }), Buffer.alloc(32))).toHaveLength(size);
  });

  test.each<[string, CoordinatorEvent[], string[]]>([
    ['goes on until all have answered', waveAnswers.slice(1), []],
    ['has answered: the others are asked at once', waveAnswers, ['storeAskedAll', 'ask']],
    ['is silent when its time is over: the others are asked', [waveOver], ['storeAskedAll', 'ask']],
    ['complains: there may be more to come', [...complaints([5], 3), answer(10), answer(15)], []],
    [
      'complains: when its time is over a second set is fixed, and those who answered are left alone',
      [...complaints([5], 3), answer(10), answer(15), waveOver],
      ['storeSet', 'release', 'ask'],
    ],
    ['does not have its time twice', [...waveAnswers, waveOver, waveOver], ['storeAskedAll', 'ask']],
    ['is asked alone: a complaint of another member is none', [complaint(1, 3)], []],
    ['was in the midst of it when killed: its time begins anew', [{ type: 'resumed' }], ['startWave']],
    ['expires in it', [expiry], ['storeResult', 'end']],
  ])('%s', (_, events, effects) => {
    const from = events[0]?.type === 'resumed' ? { ...start(), grace: false } : start();
    expect(typesOf(play(from, events)[1])).toEqual(effects);
  });

  test('expired in the first wave, only those who were asked are missing', () => {
    const [now] = play(start(), [answer(10), expiry]);
    expect(now).toMatchObject({ result: { reason: 'too-few-answers', missing: [nameOf(5), nameOf(15)] } });
  });

  test.each<[string, CoordinatorEvent[], number[]]>([
    ['one member names one contributor', complaints([5], 3), [3]],
    ['two members name two', [...complaints([5], 3), ...complaints([10], 4)], [3, 4]],
    ['all name the same', complaints(wave, 3), [3]],
    ['one that has lost its key names everybody: nobody', complaints([5], ...set.contributors), []],
    [
      'one names everybody, and all name one: that one',
      [...complaints([5], ...set.contributors), ...complaints([10, 15], 2)],
      [2],
    ],
    [
      'more than may be dropped: as many as leave the minimum, those named most first',
      [...complaints([5], 1, 2, 3, 4), ...complaints([10], 4)],
      [1, 2, 4],
    ],
    ['a member complains after its answer: nobody', [answer(5), ...complaints([5], 3)], []],
  ])('drops whom it should: %s', (_, events, dropped) => {
    const [now] = play(start(), [...events, waveOver]);
    const left = set.contributors.filter((contributor) => !dropped.includes(contributor));
    expect(now.state === 'opening' && now.set.contributors).toEqual(left);
    expect(now.state === 'opening' && now.wave).toEqual([]);
  });
});

describe('after a second set', () => {
  const second = () => play(start(), [answer(10), ...complaints([5, 15], 3), waveOver])[0];

  test('everyone is asked but those who answered the first, and one of these is missing', () => {
    const [, effects] = play(start(), [answer(10), ...complaints([5, 15], 3), waveOver]);
    expect(asked(effects)).toEqual([...Array(33).keys()].map((at) => at + 1).filter((home) => home !== 10));
    expect(effects).toContainEqual({ type: 'release', members: [10] });
    const [now] = play(second(), [answer(1), expiry]);
    expect(now).toMatchObject({ result: { reason: 'too-few-answers', contributors: 22, disputed: [nameOf(3)] } });
    expect(now.state === 'failed' && now.result.state === 'failed' && now.result.missing).toContain(nameOf(10));
  });

  test('one that answers the second as well counts, and is not missing', () => {
    const [now] = play(second(), [answer(10), expiry]);
    expect(now).toMatchObject({ result: { reason: 'too-few-answers', answers: 1 } });
    expect(now.state === 'failed' && now.result.state === 'failed' && now.result.missing).not.toContain(nameOf(10));
  });

  test('it opens over the second set, and the dropped one is in dispute, not at fault', () => {
    const [now, effects] = play(
      second(),
      [5, 15, ...others].map((home) => answer(home)),
    );
    expect(now).toMatchObject({ result: { state: 'opened', contributors: 22, answers: 32, disputed: [nameOf(3)] } });
    expect(typesOf(effects).slice(-2)).toEqual(['storeResult', 'end']);
  });

  test('complaints drop nobody any more', () => {
    const [now] = play(second(), [...complaints([1, 2], 4), waveOver]);
    expect(now.state === 'opening' && now.set.contributors).toHaveLength(22);
  });
});

describe('complaints once everyone is asked', () => {
  const all = () => play(start(), waveAnswers)[0];
  const complainers = others.slice(0, 8);

  test.each<[string, CoordinatorEvent[], object]>([
    [
      'as many as may fail: the sum opens, a dispute',
      [...complaints(complainers.slice(0, 7), 3), ...others.slice(7).map((home) => answer(home))],
      { state: 'opened', answers: 26, checked: false, disputed: [nameOf(3)] },
    ],
    [
      'more than may fail: the round fails once all is heard, and the contributor is at fault',
      [...complaints(complainers, 3), graceOver],
      { state: 'failed', reason: 'complaint', fault: [nameOf(3)] },
    ],
    [
      'more than may fail, each of another: the round fails and nobody is at fault',
      [...complainers.map((home, at) => complaint(home, at + 1)), graceOver],
      { state: 'failed', reason: 'complaint', disputed: complainers.map((_, at) => nameOf(at + 1)) },
    ],
    [
      'they who complained answer after all: it opens',
      [
        ...complaints(complainers, 3),
        answer(complainers[0] as number),
        graceOver,
        ...others.slice(8).map((home) => answer(home)),
      ],
      { state: 'opened', answers: 26, disputed: undefined, fault: [nameOf(3)] },
    ],
  ])('%s', (_, events, result) => {
    const [now, effects] = play(all(), events);
    const ended = effects.find((effect) => effect.type === 'end');
    const read = readSignedJson(Result, 'result', rules.key.publicKey, ended?.text ?? '', 'the coordinator');
    expect(now).toMatchObject({ result: read });
    for (const [key, value] of Object.entries(result)) expect(read[key as keyof typeof read]).toEqual(value);
  });

  test('a result without complaints does not speak of them', () => {
    const [now] = play(
      all(),
      others.map((home) => answer(home)),
    );
    expect(now).toMatchObject({ state: 'opened' });
    expect(now.state === 'opened' && Object.keys(now.result)).not.toContain('fault');
    expect(now.state === 'opened' && Object.keys(now.result)).not.toContain('disputed');
  });
});

describe('answers off the polynomial', () => {
  const all = () => play(start(), waveAnswers)[0];
  const lie = (home: number) => answer(home, nines);
  /** 27 answers, of which one is wrong: one more than needed finds that, but not who. */
  const stuck = [lie(1), ...others.slice(1, 24).map((home) => answer(home)), graceOver];

  test('are waited out while others may still answer, and those find the wrong one', () => {
    expect(play(all(), stuck)[0]).toMatchObject({ state: 'opening', grace: false });
    const [now] = play(all(), [...stuck, ...others.slice(24, 26).map((home) => answer(home)), graceOver]);
    expect(now).toMatchObject({ result: { state: 'opened', inconsistent: [nameOf(1)], answers: 29 } });
  });

  test('fail the round at its expiry', () => {
    expect(play(all(), [...stuck, expiry])[0]).toMatchObject({ result: { reason: 'off-polynomial', answers: 27 } });
  });

  test('fail the round once nobody is left who might answer', () => {
    const silent = others.slice(24).map((home) => complaint(home, 3));
    expect(play(all(), [...stuck, ...silent])[0]).toMatchObject({ result: { reason: 'off-polynomial' } });
  });

  test('just as many as needed, one of them wrong: an impossible sum waits for more', () => {
    const enough = [lie(1), ...others.slice(1, 23).map((home) => answer(home)), graceOver];
    expect(play(all(), enough)[0]).toMatchObject({ state: 'opening', grace: false });
    expect(play(all(), [...enough, expiry])[0]).toMatchObject({ result: { reason: 'implausible' } });
  });
});
