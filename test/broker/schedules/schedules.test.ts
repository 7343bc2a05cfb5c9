import { afterEach, describe, expect, test } from 'vitest';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { Tariff } from '../../../broker/protocol/json-messages.ts';
import { ScheduleTerms } from '../../../broker/protocol/schedule.ts';
import { topicOf } from '../../../broker/protocol/topics.ts';
import { ScheduleList } from '../../../broker/schedules/schedule-list.ts';
import { ScheduleStore } from '../../../broker/schedules/schedule-store.ts';
import { Schedules, type SchedulesParts } from '../../../broker/schedules/schedules.ts';
import { TariffStore } from '../../../broker/tariff/tariff-store.ts';
import { Tariffs } from '../../../broker/tariff/tariffs.ts';
import { cohort, hour, makeCohort } from '../rounds/made-cohort.ts';
import { prefix } from '../rounds/simulated-homes.ts';
import { type HomePlan, settled, Utility } from '../rounds/utility.ts';
import { keepingLog } from '../silent-log.ts';

const minute = 60_000;
const terms = (changes: Partial<ScheduleTerms> = {}) => ({
  ...ScheduleTerms.parse({
    schedule: 'evening',
    cohort,
    tags: ['#energy-consumption'],
    zone: 'Europe/Berlin',
    timesPerDay: 4,
    spread: 1,
    tariff: { formula: '0.5*mean+5' },
  }),
  ...changes,
});

/** Three homes with 11.2333… kWh in the mean, and one with nothing. */
const plans: Record<string, HomePlan> = {
  alice: { wattHours: [6500] },
  bill: { wattHours: [11_700] },
  bob: { wattHours: [15_500] },
  james: {},
};

class Street {
  readonly utility: Utility;
  schedules!: Schedules;
  list!: ScheduleList;
  #change: (parts: SchedulesParts) => SchedulesParts = (parts) => parts;

  constructor() {
    this.utility = new Utility(makeCohort(Object.keys(plans)), plans, keepingLog().log);
    this.start();
  }

  /** @param change what of its surroundings is to fail */
  start(change = this.#change): void {
    this.#change = change;
    const { database, clock, link } = this.utility.parts();
    const { rounds, made } = this.utility;
    const store = new ScheduleStore(database);
    const tariffs = new Tariffs({ store: new TariffStore(database), key: made.coordinator, link, clock });
    this.schedules = new Schedules(change({ store, rounds, tariffs, clock, log: keepingLog().log }));
    this.list = new ScheduleList(store, rounds);
    this.schedules.start();
  }

  /** As by kill -9. @param awayMs before it is started again */
  async restart(awayMs = 0, change = this.#change): Promise<void> {
    this.utility.kill();
    this.utility.now = epochMs(this.utility.now + awayMs);
    this.utility.start();
    this.start(change);
    await this.utility.wire.connect();
    await this.utility.step(1);
  }

  async stepTo(at: string): Promise<void> {
    await this.utility.step(Date.parse(at) - this.utility.now);
  }

  /** Both looks of all homes: reports, then answers. */
  async answer(): Promise<void> {
    for (const _ of ['report', 'answer']) await this.utility.look();
    await settled();
  }

  last() {
    return this.list.row('evening').last;
  }

  tariff(): Tariff {
    const text = this.utility.wire.retained.get(topicOf(prefix, 'tariff', { cohort }));
    return Tariff.parse(JSON.parse(Buffer.from(text ?? []).toString()));
  }

  grids(): string[] {
    return this.utility.rounds
      .list()
      .map(({ from, step }) => `${new Date(from).toISOString().slice(5, 16)} ${step / hour}h`)
      .reverse();
  }
}

let street: Street;
afterEach(() => street.utility.end());

async function started(): Promise<Street> {
  street = new Street();
  await street.utility.wire.connect();
  await street.utility.rounds.publishRoster(cohort);
  return street;
}

describe('four times a day', () => {
  test('the slot that has just ended is asked for, and its mean makes the price of the one that runs', async () => {
    const { schedules, list } = await started();
    schedules.add(terms());
    expect(list.row('evening')).toMatchObject({ paused: false, next: { until: Date.parse('2026-11-24T11:00Z') } });
    await street.stepTo('2026-11-24T10:59Z');
    expect(street.grids()).toEqual([]);
    await street.stepTo('2026-11-24T11:00:01Z');
    expect(street.grids()).toEqual(['11-24T05:00 6h']);
    expect(street.last()).toMatchObject({ state: 'running', missed: 0 });
    await street.answer();
    expect(street.last()).toMatchObject({
      state: 'opened',
      mean: [33_700 / 3],
      contributors: 3,
      centsPerKwh: [10.6167],
    });
    const tariff = street.tariff();
    expect(tariff.until).toBe(Date.parse('2026-11-24T17:00Z'));
    expect(tariff.event.intervalPeriod).toEqual({ start: '2026-11-24T11:00:00.000Z', duration: 'PT6H' });
    await street.stepTo('2026-11-24T17:00:01Z');
    expect(street.grids()).toEqual(['11-24T05:00 6h', '11-24T11:00 6h']);
  });

  test.each([
    // The clock leaps forward at 01:00Z, and is put back at 01:00Z.
    ['23 hours', '2027-03-27T23:00Z', 'PT5H', '2027-03-28T04:00Z', ['03-27T17:00 6h', '03-27T23:00 5h']],
    ['25 hours', '2027-10-30T22:00Z', 'PT7H', '2027-10-31T05:00Z', ['10-30T16:00 6h', '10-30T22:00 7h']],
  ])('on a day of %s prices hold just as long as the slots they are for', async (_, night, long, dawn, grids) => {
    await started();
    await street.stepTo(`${night.slice(0, 10)}T21:00Z`);
    street.schedules.add(terms());
    await street.stepTo(night.replace('Z', ':01Z'));
    await street.answer();
    const { intervalPeriod } = street.tariff().event;
    expect(intervalPeriod).toEqual({ start: night.replace('Z', ':00.000Z'), duration: long });
    expect(street.tariff().until).toBe(Date.parse(dawn));
    await street.stepTo(dawn.replace('Z', ':01Z'));
    await street.answer();
    expect(street.tariff().event.intervalPeriod).toMatchObject({ duration: 'PT6H' });
    expect(street.grids()).toEqual(grids);
  });
});

describe('when nothing ran', () => {
  test('the newest slot is asked for, once; those before it are counted', async () => {
    await started();
    street.schedules.add(terms());
    await street.restart(3 * 24 * hour);
    expect(street.grids()).toEqual(['11-26T23:00 6h']);
    expect(street.last()).toMatchObject({ missed: 11, state: 'running' });
    await street.answer();
    expect(street.last()).toMatchObject({ state: 'opened', centsPerKwh: [10.6167] });
    await street.restart();
    await street.restart(hour);
    expect(street.grids()).toHaveLength(1);
  });

  test('nobody is connected yet: it is tried again until the next slot is due', async () => {
    await started();
    street.schedules.add(terms());
    const { utility } = street;
    const all = utility.approved;
    utility.approved = all.map((home) => ({ ...home, online: false }));
    await street.restart(12 * hour);
    expect(street.last()).toMatchObject({ state: 'asking', error: { code: 'ROUND_TOO_FEW_ONLINE' } });
    await utility.step(4 * hour);
    expect(street.last()).toMatchObject({ state: 'asking', until: Date.parse('2026-11-24T17:00Z') });
    await utility.step(2 * hour);
    expect(street.last()).toMatchObject({ state: 'asking', until: Date.parse('2026-11-24T23:00Z') });
    utility.approved = all;
    await utility.step(600_000);
    expect(street.grids()).toEqual(['11-24T17:00 6h']);
    expect(street.last()).not.toHaveProperty('error');
  });
});

describe('what does not go well', () => {
  test('a refused round is said, with what to do, and the next slot is asked for', async () => {
    await started();
    street.schedules.add(terms({ minimum: 4 }));
    await street.stepTo('2026-11-24T11:00:01Z');
    expect(street.last()).toMatchObject({
      state: 'refused',
      error: { code: 'ROUND_TOO_FEW_MATCH', remedy: expect.stringContaining('wattveil search') },
    });
    expect(street.list.row('evening').next).toMatchObject({ until: Date.parse('2026-11-24T17:00Z') });
    await street.stepTo('2026-11-24T17:00:01Z');
    expect(street.last()).toMatchObject({ state: 'refused', until: Date.parse('2026-11-24T17:00Z') });
  });

  test('a round that fails, a formula that gives no number', async () => {
    await started();
    street.schedules.add(terms({ tariff: { formula: '1/(mean-mean)', unit: 'kWh', currency: 'EUR' } }));
    await street.stepTo('2026-11-24T11:00:01Z');
    await street.answer();
    expect(street.last()).toMatchObject({ state: 'opened', error: { code: 'FORMULA_NOT_A_NUMBER' } });
    await street.stepTo('2026-11-24T17:00:01Z');
    const { round } = street.last() ?? {};
    await street.utility.step(25 * hour);
    expect(street.utility.rounds.show(round ?? '').row.state).toBe('failed');
    expect(street.list.row('evening').last?.until).toBeGreaterThan(Date.parse('2026-11-25T00:00Z'));
  });

  test('a sum that comes late does not set older prices over newer ones', async () => {
    await started();
    street.schedules.add(terms());
    await street.stepTo('2026-11-24T11:00:01Z');
    const { retained } = street.utility.wire;
    const topic = topicOf(prefix, 'round', { cohort, round: street.last()?.round ?? '' });
    const announce = retained.get(topic) ?? Buffer.alloc(0);
    retained.delete(topic);
    await street.stepTo('2026-11-24T17:00:01Z');
    await street.answer();
    const { sequence } = street.tariff();
    retained.set(topic, announce);
    await street.answer();
    expect(street.utility.rounds.list().map(({ state }) => state)).toEqual(['opened', 'opened']);
    expect(street.tariff().sequence).toBe(sequence);
  });

  test.each<[string, Partial<ScheduleTerms>, string]>([
    ['a zone that is none', { zone: 'Europe/Berln' }, 'SCHEDULE_ZONE_UNKNOWN: did you mean Europe/Berlin?'],
    ['a spread longer than a slot', { timesPerDay: 96, spread: 16 * minute }, 'SCHEDULE_SPREAD_TOO_LONG: 15'],
    ['prices of something else', { quantity: 'power', unit: 'W' }, 'SCHEDULE_NOT_ENERGY: power'],
    [
      'a formula that is none',
      { tariff: { formula: '0.5*meen', unit: 'kWh', currency: 'EUR' } },
      'FORMULA_NAME_UNKNOWN: mean',
    ],
  ])('%s is refused before it is stored', async (_, changes, expected) => {
    await started();
    const [code = '', says = ''] = expected.split(': ');
    expect(() => street.schedules.add(terms(changes))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(says) }) as Error,
    );
    expect(street.list.rows()).toEqual([]);
  });
});

describe('pause, resume, remove', () => {
  test('what falls due in a pause is left out, what is due after it is not', async () => {
    await started();
    street.schedules.add(terms({ spread: 10 * minute }));
    street.schedules.pause('evening');
    await street.stepTo('2026-11-24T16:59Z');
    expect(street.list.row('evening')).not.toHaveProperty('next');
    await street.restart();
    street.schedules.resume('evening');
    expect(street.list.row('evening')).toMatchObject({ next: { until: Date.parse('2026-11-24T17:00Z') } });
    expect(street.grids()).toEqual([]);
    await street.stepTo('2026-11-24T17:10Z');
    expect(street.grids()).toEqual(['11-24T11:00 6h']);
  });

  test('the same terms again change nothing, others are refused; removed, its round makes no prices', async () => {
    await started();
    street.schedules.add(terms());
    await street.stepTo('2026-11-24T11:00:01Z');
    street.schedules.add(terms());
    expect(() => street.schedules.add(terms({ timesPerDay: 8 }))).toThrow('with other terms');
    street.schedules.remove('evening');
    await street.answer();
    expect(street.utility.rounds.list()).toMatchObject([{ state: 'opened' }]);
    expect(street.utility.wire.retained.has(topicOf(prefix, 'tariff', { cohort }))).toBe(false);
    for (const change of ['pause', 'resume', 'remove'] as const) {
      expect(() => street.schedules[change]('evenin')).toThrow('there is no schedule evenin');
    }
  });
});

test('a cohort has one schedule that makes its tariff; others give sums alone', async () => {
  const { schedules } = await started();
  schedules.add(terms());
  const second = terms({ schedule: 'morning' });
  expect(() => schedules.add(second)).toThrow('the schedule evening makes the tariff of');
  schedules.add({ ...second, tariff: undefined } as never);
  schedules.remove('evening');
  schedules.add(terms({ schedule: 'noon' }));
});

describe('killed with kill -9', () => {
  test('between a round and the note of it, away until the next slot is over: the round is this run’s all the same', async () => {
    const { schedules } = await started();
    schedules.add(terms());
    const failing = (parts: SchedulesParts): SchedulesParts => ({
      ...parts,
      rounds: {
        ofRequest: (request) => parts.rounds.ofRequest(request),
        watch: (round, watcher) => parts.rounds.watch(round, watcher),
        show: (round) => parts.rounds.show(round),
        open: async (...asked) => {
          await parts.rounds.open(...asked);
          throw new Error('killed');
        },
      },
    });
    await street.restart(0, failing);
    await street.stepTo('2026-11-24T11:00:01Z');
    expect(street.last()).toMatchObject({ state: 'asking' });
    await street.restart(6 * hour, (parts) => parts);
    expect(street.grids()).toEqual(['11-24T05:00 6h', '11-24T11:00 6h']);
    const runs = new ScheduleStore(street.utility.parts().database).running('evening');
    expect(runs).toHaveLength(2);
  });

  test('a disk that does not take the note of a round until the next slot is over: the round is this run’s all the same', async () => {
    const { schedules } = await started();
    schedules.add(terms());
    const { database } = street.utility.parts();
    database.exec(`CREATE TRIGGER full BEFORE UPDATE OF round ON schedule_runs BEGIN SELECT RAISE(ABORT, 'full'); END`);
    await street.stepTo('2026-11-24T11:00:01Z');
    expect(street.last()).toMatchObject({ state: 'asking' });
    await street.answer();
    await street.stepTo('2026-11-24T16:59:59Z');
    expect(street.last()).toMatchObject({ state: 'asking' });
    database.exec('DROP TRIGGER full');
    await street.stepTo('2026-11-24T17:00:01Z');
    await settled();
    expect(street.grids()).toEqual(['11-24T05:00 6h', '11-24T11:00 6h']);
    const first = new ScheduleStore(database).run('evening', epochMs(Date.parse('2026-11-24T11:00Z')));
    expect(first).toMatchObject({ state: 'opened', centsPerKwh: [expect.any(Number)] as unknown });
  });

  class Killed extends Error {}

  /** What a schedule does to the world, counted: the power goes at the nth deed, just before it or just after it. */
  function killing(nth: number, moment: 'before' | 'after'): (parts: SchedulesParts) => SchedulesParts {
    let deeds = 0;
    const guarded = <T extends object>(target: T, names: readonly string[]): T =>
      new Proxy(target, {
        get(of, name) {
          const value: unknown = Reflect.get(of, name, of);
          if (typeof value !== 'function') return value;
          if (!names.includes(String(name))) return value.bind(of) as unknown;
          return (...args: unknown[]) => {
            deeds += 1;
            if (deeds > nth || (deeds === nth && moment === 'before')) throw new Killed();
            const done = value.apply(of, args) as unknown;
            if (deeds !== nth) return done;
            if (!(done instanceof Promise)) throw new Killed();
            return done.then(() => Promise.reject(new Killed()));
          };
        },
      });
    return ({ store, rounds, tariffs, ...others }) => ({
      ...others,
      store: guarded(store, ['begin', 'opened', 'ended']),
      rounds: guarded(rounds, ['open']),
      tariffs: guarded(tariffs, ['set']),
    });
  }

  const deeds = ['begin', 'open', 'opened', 'set', 'ended'];
  test.each(
    deeds.flatMap((deed, at) => (['before', 'after'] as const).map((moment) => [moment, deed, at + 1] as const)),
  )('%s `%s`: one round for the slot, and its price', async (moment, _, nth) => {
    await started();
    await street.restart(0, killing(nth, moment));
    street.schedules.add(terms());
    await street.stepTo('2026-11-24T11:00:01Z');
    await street.answer();
    await street.restart(0, (parts) => parts);
    await street.answer();
    expect(street.grids()).toEqual(['11-24T05:00 6h']);
    expect(street.last()).toMatchObject({ state: 'opened', centsPerKwh: [10.6167], missed: 0 });
    expect(street.tariff().until).toBe(Date.parse('2026-11-24T17:00Z'));
    const { sequence } = street.tariff();
    await street.restart();
    await street.answer();
    expect(street.tariff().sequence).toBe(sequence);
  });
});
