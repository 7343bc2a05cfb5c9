/**
 * Homes that lie to a real coordinator: the round ends with the right sum or says honestly why not, and no honest home
 * is accused. Every home reports a power of two, so that a sum tells who is in it.
 */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Result } from '../../../broker/protocol/json-messages.ts';
import { Complaint, Report } from '../../../broker/protocol/messages.ts';
import { cohort, hour, makeCohort, midnight } from './made-cohort.ts';
import { spoilSeals, wrongAnswer } from './simulated-homes.ts';
import { type HomePlan, Utility } from './utility.ts';

/** Twenty homes: four may fail, two are asked first, sixteen answers open, two wrong ones are found. */
const homes = 20;
const idOf = (nth: number) => `home-${String(nth).padStart(2, '0')}`;
const ids = Array.from({ length: homes }, (_, at) => idOf(at + 1));
const made = makeCohort(ids);
/** In tenths of a Wh, so that the last one's is under what its connection carries. */
const wattHours = (nth: number) => [2 ** (nth - 1) / 10, 0, 0, 0];
const every = 2 ** homes - 1;

/** By the number of the home. */
type Lies = Readonly<Record<number, HomePlan>>;
const lieAt = (numbers: readonly number[], plan: HomePlan): Lies =>
  Object.fromEntries(numbers.map((nth) => [nth, plan]));
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

const utilities: Utility[] = [];
afterEach(() => {
  for (const utility of utilities.splice(0)) utility.end();
});

async function street(lies: Lies): Promise<Utility> {
  const plans = upTo(homes).map((nth): [string, HomePlan] => [idOf(nth), { wattHours: wattHours(nth), ...lies[nth] }]);
  const utility = new Utility(made, Object.fromEntries(plans));
  utilities.push(utility);
  await utility.wire.connect();
  await utility.rounds.publishRoster(cohort);
  return utility;
}

/** Plays a round to its end, though some are silent. */
async function play(utility: Utility, silent: readonly string[] = [], meanwhile = async () => {}): Promise<Result> {
  const { round } = await utility.ask();
  await utility.look();
  for (let look = 0; look < 5 && utility.result(round) === undefined; look += 1) {
    await meanwhile();
    await utility.look(...ids.filter((id) => !silent.includes(id)));
    await utility.step(10_000);
  }
  await utility.step(25 * hour);
  const result = utility.result(round);
  if (result === undefined) throw new Error('the round goes on beyond its expiry');
  return result;
}

/** Who is in an opened sum. */
const summed = (result: Result) =>
  result.state === 'opened' ? BigInt(Math.round((result.sum[0] ?? 0) * 10)) : undefined;
const all = BigInt(every);
const without = (...numbers: number[]) => numbers.reduce((sum, nth) => sum - 2n ** BigInt(nth - 1), all);

/** No home but those that lied is at fault; off the polynomial are liars, or those whom a liar gave other shares. */
function expectNoHonestAccused(result: Result, liars: readonly number[], deceived: readonly number[] = []): void {
  const names = new Set(liars.map(idOf));
  for (const id of result.fault ?? []) expect(names).toContain(id);
  const off = result.state === 'opened' ? result.inconsistent : [];
  for (const id of off) expect(new Set([...names, ...deceived.map(idOf)])).toContain(id);
}

interface Case {
  readonly what: string;
  readonly lies: Lies;
  /** Those that got other shares of a liar. */
  readonly deceived?: readonly number[];
  readonly ends: object;
  readonly sum?: bigint;
}

const cases: readonly Case[] = [
  {
    what: 'two wrong answers, as many as can be found',
    lies: lieAt([3, 20], { spoilAnswer: wrongAnswer }),
    ends: { state: 'opened', answers: 20, checked: true, inconsistent: [idOf(3), idOf(20)] },
    sum: all,
  },
  {
    what: 'three wrong answers, too many',
    lies: lieAt([3, 4, 20], { spoilAnswer: wrongAnswer }),
    ends: { state: 'failed', reason: 'off-polynomial', fault: undefined, disputed: undefined },
  },
  {
    what: 'a report whose shares lie on no polynomial, for two members',
    lies: lieAt([20], { twoFacedTo: 2 }),
    deceived: [1, 2],
    ends: { state: 'opened', inconsistent: [idOf(1), idOf(2)], fault: undefined, disputed: undefined },
    sum: all,
  },
  {
    what: 'a report whose shares lie on no polynomial, for many',
    lies: lieAt([20], { twoFacedTo: 9 }),
    deceived: upTo(9),
    ends: { state: 'failed', reason: 'off-polynomial', fault: undefined, disputed: undefined },
  },
  {
    what: 'a report that three members cannot open',
    lies: lieAt([20], { spoil: (report) => spoilSeals(report, 3, homes) }),
    // Where one of the three is asked first it is left out, else the other seventeen open it.
    ends: { state: 'opened', disputed: [idOf(20)], fault: undefined },
  },
  {
    what: 'a report that no member can open',
    lies: lieAt([20], { spoil: spoilSeals }),
    ends: { state: 'opened', contributors: 19, disputed: [idOf(20)], fault: undefined },
    sum: without(20),
  },
  {
    what: 'two homes that complain of an honest one',
    lies: lieAt([7, 8], { complainsOf: [idOf(11)] }),
    ends: { state: 'opened', fault: undefined, disputed: [idOf(11)] },
  },
  {
    what: 'as many as may fail that complain of all honest ones',
    lies: lieAt([1, 2, 3, 4], { complainsOf: ids.slice(4) }),
    ends: { state: 'opened', fault: undefined },
  },
  {
    what: 'a home that reports the copy of another’s report',
    lies: {},
    ends: { state: 'opened', contributors: 19, disputed: [idOf(20)], fault: undefined },
    sum: without(20),
  },
];

describe('among twenty homes', () => {
  test.each(cases)('$what', async ({ what, lies, deceived, ends, sum }) => {
    const utility = await street(lies);
    let copied: Uint8Array | undefined;
    const send = utility.wire.toCoordinator.bind(utility.wire);
    if (what.includes('copy')) {
      utility.wire.toCoordinator = (name, levels, payload) => {
        if (name === 'report' && levels.home === idOf(1)) copied = payload;
        return send(name, levels, name === 'report' && levels.home === idOf(20) ? (copied ?? payload) : payload);
      };
    }
    const result = await play(utility);
    for (const [key, value] of Object.entries(ends)) expect(result[key as keyof Result]).toEqual(value);
    if (sum !== undefined) expect(summed(result)).toBe(sum);
    const copies = what.includes('copy') ? [20] : [];
    expectNoHonestAccused(result, [...Object.keys(lies).map(Number), ...copies], deceived);
  });

  test('the first wave is silent, and a report opens to nobody: the round says whose it is', async () => {
    const utility = await street(lieAt([20], { spoil: spoilSeals }));
    const wave: string[] = [];
    const result = await play(utility, wave, async () => {
      if (wave.length > 0) return;
      const asked = [...utility.wire.retained.keys()].filter((topic) => topic.endsWith('/open'));
      wave.push(...ids.filter((home) => asked.some((topic) => topic.includes(`/homes/${home}/`))));
      expect(wave).toHaveLength(2);
    });
    expect(result).toMatchObject({ state: 'failed', reason: 'complaint', fault: [idOf(20)] });
  });

  test('messages of one round under another: neither counts, and both rounds end right', async () => {
    const utility = await street({});
    const send = utility.wire.toCoordinator.bind(utility.wire);
    const first = await utility.ask();
    const second = await utility.ask({ from: midnight + 6 * hour });
    const other = (round: string) => (round === first.round ? second.round : first.round);
    utility.wire.toCoordinator = async (name, levels, payload) => {
      await send(name, { ...levels, round: other(levels.round) }, payload);
      await send(name, levels, payload);
      await send(name, { ...levels, round: other(levels.round) }, payload);
    };
    for (const _ of ['reports', 'first wave', 'others']) await utility.look();
    for (const { round } of [first, second]) {
      expect(utility.result(round)).toMatchObject({ state: 'opened', answers: 20, inconsistent: [] });
    }
    expect(summed(utility.result(first.round) as Result)).toBe(all);
  });

  test('ten thousand messages of garbage under every name: the round ends right', async () => {
    const utility = await street({});
    const { round } = await utility.ask();
    const garbage = garbageFor(utility.hashOf(round));
    const flood = async (count: number) => {
      for (let nth = 0; nth < count; nth += 1) {
        const { name, payload } = garbage(nth);
        await utility.wire.toCoordinator(
          name,
          { home: nth % 3 === 0 ? 'mallory' : (ids[nth % homes] as string), round },
          payload,
        );
      }
    };
    for (const _ of ['reports', 'first wave', 'others']) {
      await flood(3400);
      await utility.look();
    }
    await utility.step(10_000);
    const result = utility.result(round) as Result;
    expect(result).toMatchObject({ state: 'opened', answers: 20, inconsistent: [] });
    expect(summed(result)).toBe(all);
  });
});

/** Bytes that are no message, messages with a bit changed, and well-formed ones about nothing. */
function garbageFor(round: Uint8Array) {
  const report = Report.encode({ round, salt: randomBytes(16), shares: randomBytes(500) });
  const complaint = Complaint.encode({ round, set: randomBytes(32), contributor: 1 });
  const made = [randomBytes(1), randomBytes(300), report, report.subarray(0, 200), complaint, new Uint8Array()];
  const names = ['report', 'answer', 'complaint', 'decline'] as const;
  return (nth: number) => {
    const payload = Uint8Array.from(made[nth % made.length] ?? []);
    const at = nth % Math.max(payload.length, 1);
    if (payload.length > 0 && nth % 2 === 0) payload[at] = (payload[at] ?? 0) ^ (1 << (nth % 8));
    return { name: names[nth % names.length] ?? 'report', payload };
  };
}

const lie = fc.constantFrom<(nth: number) => HomePlan>(
  () => ({ spoilAnswer: wrongAnswer }),
  () => ({ spoil: spoilSeals }),
  (nth) => ({ spoil: (report: Uint8Array) => spoilSeals(report, nth, homes) }),
  (nth) => ({ twoFacedTo: nth % 8 }),
  (nth) => ({ complainsOf: [idOf((nth % homes) + 1)] }),
  () => ({ complainsOf: ids }),
  () => ({ declines: 'spent' as const }),
);

test('whatever up to four of twenty do, the round ends right or says why not, and no honest home is at fault', async () => {
  const ends = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: homes }), { maxLength: 4 }),
      fc.array(lie, { minLength: 4, maxLength: 4 }),
      async (liars, how) => {
        const lies = Object.fromEntries(liars.map((nth, at) => [nth, (how[at] as (typeof how)[0])(nth)]));
        const utility = await street(lies);
        const result = await play(utility);
        utilities.pop()?.end();
        expectNoHonestAccused(result, liars, upTo(homes));
        const key = result.state === 'opened' ? 'opened' : result.reason;
        ends.set(key, (ends.get(key) ?? 0) + 1);
        // What is not checked says so.
        if (result.state === 'failed' || !result.checked) return;
        // Whoever is in the sum is there with what it reported: all honest ones but those a liar has complained of.
        const sum = summed(result) ?? 0n;
        const members = upTo(homes).filter((nth) => (sum >> BigInt(nth - 1)) & 1n);
        expect(sum).toBeLessThanOrEqual(all);
        expect(members).toHaveLength(result.contributors);
      },
    ),
    { numRuns: 8 },
  );
  expect(ends.get('opened') ?? 0).toBeGreaterThan(1);
  const honest = ['opened', 'off-polynomial', 'complaint', 'too-few-answers', 'implausible'];
  for (const reason of ends.keys()) expect(honest).toContain(reason);
});
