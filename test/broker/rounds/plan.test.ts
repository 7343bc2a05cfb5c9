import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { after, durationMs, epochMs } from '../../../broker/protocol/clock.ts';
import type { CatalogueEntry } from '../../../broker/protocol/messages.ts';
import { type RoundRequest, RoundRequest as RoundRequestSchema } from '../../../broker/protocol/operator.ts';
import { checkAnnounce, makeAnnounce } from '../../../broker/protocol/round.ts';
import type { ShownHome } from '../../../broker/rounds/candidates.ts';
import { type PlanContext, planRound } from '../../../broker/rounds/plan.ts';
import { cohort, grid, hour, makeCohort, midnight, morning, rosterOf } from './made-cohort.ts';
import { entry, roundRequest, settings } from './utility.ts';

const ids = ['ada', 'ben', 'cleo', 'dan', 'eve'];
const made = makeCohort(ids);
const roster = rosterOf(made);
const day = 24 * hour;

const tensor = (changes: Partial<CatalogueEntry> = {}): CatalogueEntry => ({ ...entry, ...changes });
const shown = (home: string, ...tensors: CatalogueEntry[]): ShownHome => ({ home, online: true, tensors });
/** Four homes that match, and one without a device. */
const homes = ids.map((id) => (id === 'eve' ? shown(id) : shown(id, tensor())));
const away = (...offline: string[]) => homes.map((home) => ({ ...home, online: !offline.includes(home.home) }));

const context = (changes: Partial<PlanContext> = {}): PlanContext => ({
  now: morning,
  roster,
  homes,
  settings,
  id: Buffer.alloc(16, 1),
  ...changes,
});
const plan = (request: Partial<RoundRequest> = {}, changes: Partial<PlanContext> = {}) =>
  planRound(roundRequest(request), context(changes));

describe('what a request leaves out', () => {
  test('is worked out from the catalogues and the configuration', () => {
    expect(plan()).toEqual({
      matching: [1, 2, 3, 4],
      fields: {
        id: Buffer.alloc(16, 1),
        cohort,
        roster: roster.hash,
        query: { tags: ['#energy-consumption'], quantity: 'energyImport', unit: 'Wh' },
        grid,
        resolution: [1, -1],
        // 10 kW for 6 h in tenths of a Wh.
        limit: 600_000,
        statistics: {},
        dropouts: 0,
        packing: 1,
        minimum: 3,
        deadline: morning + hour,
        expiry: morning + day,
      },
    });
  });

  test('the limit suits the home with the largest capacity of all its matching tensors together', () => {
    const many = homes.map((home) => (home.home === 'ben' ? shown('ben', tensor(), tensor({ id: 'pump' })) : home));
    expect(plan({}, { homes: many }).fields.limit).toBe(1_200_000);
    expect(plan({ resolution: [1, 0] }, { homes: many }).fields.limit).toBe(120_000);
  });

  test('capacities of power do not grow with the slot', () => {
    const watts = homes.map((home) => shown(home.home, tensor({ quantity: 'power', unit: 'W', capacity: [3680, 0] })));
    expect(plan({ quantity: 'power', unit: 'W' }, { homes: watts }).fields).toMatchObject({
      resolution: [1, 0],
      limit: 3680,
    });
  });

  test('deadline and expiry count from the end of a grid that is not over', () => {
    const end = midnight + day;
    expect(plan({}, { now: epochMs(midnight + hour) }).fields).toMatchObject({
      deadline: end + hour,
      expiry: end + day,
    });
  });

  test('where little time is left, half is for reports and half for answers', () => {
    const now = epochMs(midnight + 15 * day - hour);
    expect(plan({}, { now }).fields).toMatchObject({ deadline: now + hour / 2, expiry: now + hour });
  });

  test('what is given stays', () => {
    const given = { minimum: 4, limit: 700_000, dropouts: 0, packing: 1, deadline: morning + 5, expiry: morning + 6 };
    expect(plan(given).fields).toMatchObject(given);
  });

  test('a home approved after the roster was made is not waited for', () => {
    expect(plan({}, { homes: [...homes, shown('zoe', tensor())] }).matching).toEqual([1, 2, 3, 4]);
  });

  test('a home whose values all begin after the hours asked for is not waited for', () => {
    const late = homes.map((home) => (home.home === 'dan' ? shown('dan', tensor({ from: midnight + day })) : home));
    expect(plan({}, { homes: late }).matching).toEqual([1, 2, 3]);
    const empty = homes.map((home) =>
      home.home === 'dan' ? shown('dan', tensor({ from: midnight + day, shape: [0] })) : home,
    );
    expect(plan({}, { homes: empty }).matching).toEqual([1, 2, 3, 4]);
  });
});

describe('a round that cannot succeed is refused', () => {
  const thirty = makeCohort(Array.from({ length: 31 }, (_, at) => `home-${at + 10}`));
  const big = { roster: rosterOf(thirty), homes: thirty.homes.map((home) => shown(home.id, tensor())) };
  const many = makeCohort(Array.from({ length: 100 }, (_, at) => `home-${at}`));
  const hundred = { roster: rosterOf(many), homes: many.homes.map((home) => shown(home.id, tensor())) };
  test.each<[string, string, RegExp, Partial<RoundRequest>, Partial<PlanContext>]>([
    ['slots under 15 minutes', 'ROUND_SLOT_TOO_SHORT', /slots of 14 minutes/, { step: 14 * 60_000 }, {}],
    ['slots of seconds', 'ROUND_SLOT_TOO_SHORT', /slots of 1.5 s/, { step: 1500 }, {}],
    [
      'hours that have not begun',
      'ROUND_GRID_AHEAD',
      /begin at 2026-11-25T00:00:00.000Z/,
      { from: midnight + 2 * day },
      {},
    ],
    ['hours that end far ahead', 'ROUND_GRID_AHEAD', /end at 2026-12-02T00:00:00.000Z/, { step: day, slots: 9 }, {}],
    [
      'hours that end beyond all time',
      'ROUND_GRID_AHEAD',
      /end at 9007199254740991/,
      { from: 0, step: 9_007_199_254_740_991, slots: 1 },
      {},
    ],
    [
      'hours that are too long ago',
      'ROUND_GRID_TOO_OLD',
      /end at 2026-11-10T06:00:00.000Z/,
      { from: morning - 15 * day, slots: 4 },
      {},
    ],
    [
      'a vector that is too long',
      'ROUND_VECTOR_TOO_LONG',
      /8000 integers, more than 4096.* Ask for 2048 slots/,
      { slots: 4000, step: hour, from: morning - 4000 * hour, statistics: { variance: true } },
      {},
    ],
    [
      'a report that no home can send',
      'ROUND_REPORT_TOO_LARGE',
      /31 homes would report 992\d{3} bytes, more than the 261120/,
      { slots: 4000, step: hour, from: morning - 4000 * hour, packing: 1 },
      big,
    ],
    ['a cohort without homes', 'COHORT_UNKNOWN', /oak-street/, {}, { homes: [] }],
    ['no roster', 'ROUND_NO_ROSTER', /oak-street/, {}, { roster: undefined }],
    [
      'a roster under the minimum',
      'ROUND_ROSTER_TOO_SMALL',
      /5 homes, fewer than the minimum of 6/,
      { minimum: 6 },
      {},
    ],
    [
      'a roster under the configured minimum',
      'ROUND_ROSTER_TOO_SMALL',
      /minimum of 15/,
      {},
      { settings: { ...settings, minContributors: 15 } },
    ],
    ['a tag that nobody has', 'TAG_UNKNOWN', /#fidge; did you mean #fridge\?/, { tags: ['#fidge'] }, {}],
    [
      'a quantity that nobody has',
      'ROUND_QUANTITY_UNKNOWN',
      /energyExport in Wh; there are: energyImport in Wh/,
      { quantity: 'energyExport' },
      {},
    ],
    ['a unit that nobody has', 'ROUND_QUANTITY_UNKNOWN', /energyImport in kWh/, { unit: 'kWh' }, {}],
    ['too few homes that match', 'ROUND_TOO_FEW_MATCH', /4 homes .* fewer than the minimum of 5/, { minimum: 5 }, {}],
    [
      'tags that no home has together',
      'ROUND_TOO_FEW_MATCH',
      /^0 homes/,
      { tags: ['#fridge', '#light-bulb'] },
      { homes: [...homes.slice(0, 4), shown('eve', tensor({ tags: ['#light-bulb'] }))] },
    ],
    [
      'homes that match but are not in the roster',
      'ROUND_TOO_FEW_MATCH',
      /4 homes .* 2 more match but are not in it: wattveil roster publish oak-street/,
      { minimum: 5 },
      { homes: [...homes, shown('fay', tensor()), shown('gus', tensor()), shown('hal')] },
    ],
    [
      'a histogram over a small roster',
      'ROUND_STATISTIC_UNFIT',
      /a histogram takes 100 contributors, and the roster of oak-street has 31 homes/,
      { statistics: { histogram: true } },
      big,
    ],
    [
      'a variance where few match',
      'ROUND_STATISTIC_UNFIT',
      /a variance takes 30 contributors, and 29 homes of the roster have #energy-consumption/,
      { statistics: { variance: true } },
      { ...big, homes: big.homes.slice(0, 29) },
    ],
    [
      'too few matching homes online',
      'ROUND_TOO_FEW_ONLINE',
      /2 of the 4 homes .* away: ada, ben/,
      {},
      { homes: away('ada', 'ben') },
    ],
    [
      'too few members online to open',
      'ROUND_TOO_FEW_MEMBERS',
      /4 of 5 members are connected, and 5 have to answer .* away: eve/,
      {},
      { homes: away('eve') },
    ],
    [
      'a limit that leaves too few',
      'ROUND_LIMIT_TOO_LOW',
      /limit of 599999 steps only 0 homes .* 600000 steps suit as many homes as are needed, 600000 all/,
      { limit: 599_999 },
      {},
    ],
    [
      'a limit beyond the field',
      'ROUND_LIMIT_TOO_HIGH',
      /960381643 .* for 5 homes.* it may be 960372663 steps/,
      { limit: 960_381_643 },
      {},
    ],
    ['a default limit beyond the field', 'ROUND_LIMIT_TOO_HIGH', /for 5 homes/, { resolution: [1, -8] }, {}],
    ['a sharing with nothing random', 'ROUND_SHARING_UNFIT', /dropouts 4 and packing 1/, { dropouts: 4 }, {}],
    ['a sharing that few may collude against', 'ROUND_SHARING_UNFIT', /a third/, { dropouts: 1 }, {}],
    [
      'a variance over few homes',
      'ROUND_MINIMUM_UNFIT',
      /a variance takes a minimum of 30.* Ask for a minimum of 30 or more/,
      { statistics: { variance: true }, minimum: 29 },
      big,
    ],
    [
      'a histogram over few homes',
      'ROUND_MINIMUM_UNFIT',
      /a histogram takes a minimum of 100/,
      { statistics: { histogram: { start: 0, width: 100_000, buckets: 8 } }, minimum: 30 },
      hundred,
    ],
    [
      'buckets that tell too much',
      'ROUND_BUCKET_TOO_NARROW',
      /buckets of 37499 steps .* limit of 600000 steps.* Give buckets of 37500 steps or more/,
      { statistics: { histogram: { start: 0, width: 37_499, buckets: 8 } } },
      hundred,
    ],
    [
      'a deadline before the hours are over',
      'ROUND_DEADLINE_UNFIT',
      /is before 2026-11-24T00:00/,
      { deadline: midnight + 2 * hour },
      { now: epochMs(midnight + hour) },
    ],
    ['a deadline at the expiry', 'ROUND_DEADLINE_UNFIT', /leaves no time for answers/, { deadline: morning + day }, {}],
    ['an expiry that is over', 'ROUND_EXPIRY_UNFIT', /is not after 2026-11-24T06:00/, { expiry: morning }, {}],
    [
      'an expiry long after the hours',
      'ROUND_EXPIRY_UNFIT',
      /more than 14 days/,
      { expiry: midnight + 15 * day + 1 },
      {},
    ],
  ])('%s: %s', (_, code, says, request, changes) => {
    const refusal = refusalOf(() => plan(request, changes));
    const whole = `${refusal.message} ${refusal.remedy}`;
    expect(refusal.code).toBe(code);
    expect(whole).toMatch(says);
    // Nothing left to be filled in, neither in what is wrong nor in what to do.
    expect(whole).not.toMatch(/\{\w+\}|undefined/);
  });

  test('a report too large: as many slots as the error says do fit', () => {
    const asked = { slots: 4000, step: hour, packing: 1, statistics: { variance: true } as const, minimum: 30 };
    const [, slots] =
      /Ask for (\d+) slots/.exec(
        refusalOf(() => plan({ ...asked, slots: 2000, from: morning - 2000 * hour }, big)).remedy,
      ) ?? [];
    const fewer = (count: number) => plan({ ...asked, slots: count, from: morning - count * hour }, big);
    expect(() => fewer(Number(slots))).not.toThrow();
    expect(() => fewer(Number(slots) + 1)).toThrow(/more than the 261120/);
  });

  test('hours ahead: the error says when to try again', () => {
    const from = midnight + 2 * day;
    expect(refusalOf(() => plan({ from }))).toMatchObject({ retryAt: from });
    const weeks = refusalOf(() => plan({ step: day, slots: 9 }));
    expect(() => plan({ step: day, slots: 9 }, { now: weeks.retryAt ?? morning })).not.toThrow();
  });

  test('one of ten homes may be offline, since nine answers open the sum', () => {
    const ten = makeCohort(Array.from({ length: 10 }, (_, at) => `home-${at}`));
    const tenHomes = ten.homes.map((home, at) => ({ ...shown(home.id, tensor()), online: at > 0 }));
    expect(plan({}, { roster: rosterOf(ten), homes: tenHomes }).matching).toHaveLength(10);
  });
});

test('whatever is planned passes the homes’ own checks', () => {
  const request = fc.record({
    minutes: fc.integer({ min: 15, max: 24 * 60 }),
    slots: fc.integer({ min: 1, max: 100 }),
    endsIn: fc.integer({ min: -14 * 24, max: 7 * 24 }),
    exponent: fc.integer({ min: -6, max: 2 }),
    within: fc.integer({ min: 1, max: 48 }),
    after: fc.integer({ min: 1, max: 400 }),
  });
  let planned = 0;
  fc.assert(
    fc.property(request, ({ minutes, slots, endsIn, exponent, within, after: expireAfter }) => {
      const asked = RoundRequestSchema.parse({
        v: 1,
        type: 'round',
        cohort,
        tags: ['#fridge'],
        from: morning + endsIn * hour - slots * minutes * 60_000,
        step: minutes * 60_000,
        slots,
        resolution: [1, exponent],
      });
      const times = { reportWithin: durationMs(within * hour), expireAfter: durationMs(expireAfter * hour) };
      let fields: ReturnType<typeof planRound>['fields'];
      try {
        ({ fields } = planRound(asked, context({ settings: { ...settings, ...times } })));
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^ROUND_/) as unknown });
        return;
      }
      planned += 1;
      const signed = makeAnnounce(made.coordinator, fields);
      for (const now of [morning, after(morning, 1), epochMs(fields.expiry - 1)]) {
        const coordinator = made.coordinator.publicKey;
        checkAnnounce(signed, { coordinator, cohort, now, collusionDivisor: 3, roster: () => roster });
      }
    }),
  );
  expect(planned).toBeGreaterThan(20);
});

function refusalOf(work: () => unknown): Error & { code: string; remedy: string; retryAt?: typeof morning } {
  try {
    work();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error as ReturnType<typeof refusalOf>;
    throw error;
  }
  throw new Error('it was not refused');
}
