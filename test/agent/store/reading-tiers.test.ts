import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mark } from '../../../agent/polling/counter.ts';
import type { Database } from '../../../agent/store/database.ts';
import { rememberDevices } from '../../../agent/store/device-store.ts';
import { ReadingStore } from '../../../agent/store/reading-store.ts';
import { ReadingTiers } from '../../../agent/store/reading-tiers.ts';
import type { Reading } from '../../../agent/tensors/edges.ts';
import { longestGap, type Measure, slotsBetween } from '../../../agent/tensors/resampling.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import type { Grid } from '../../../broker/protocol/fields.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';
import { resampled } from '../tensors/resampled.ts';

const minute = 60_000;
const hour = 60 * minute;
/** Not the beginning of a day. */
const start = 20_000 * 24 * hour + 21 * hour;

let folder: { folder: string; remove: () => void };
let database: Database;
let readings: ReadingStore;
let tiers: ReadingTiers;

function open(): void {
  folder = temporaryFolder();
  database = openAgentDatabase(folder.folder);
  // What a power cut leaves is not asked here, and there are hundreds of databases.
  database.pragma('synchronous = OFF');
  rememberDevices(database, [
    { id: 'fridge', port: '/dev/line', address: 1, serial: undefined },
    { id: 'kettle', port: '/dev/line', address: 2, serial: undefined },
  ]);
  readings = new ReadingStore(database);
  tiers = new ReadingTiers(database);
}
function close(): void {
  database.close();
  folder.remove();
}
beforeEach(open);
afterEach(close);

/** The same files, as after a restart. */
function reopen(): void {
  database.close();
  database = openAgentDatabase(folder.folder);
  readings = new ReadingStore(database);
  tiers = new ReadingTiers(database);
}

function condenseAll(): void {
  while (tiers.condense());
}

/** All that is not needed for what is still to be condensed. */
function pruneAll(): void {
  const { condensedUntil } = tiers.holdings() ?? { condensedUntil: 0 };
  const before = condensedUntil - 2 * hour - 15 * minute;
  while (tiers.prune({ readingsBefore: before, minutesBefore: before }));
}

const quantityOf = (measure: Measure) => (measure === 'change' ? 'energyImport' : 'power');

function stored(measure: Measure, grid: Grid, gapMs: number, device = 1) {
  const edges = readings.edges(device, quantityOf(measure), grid, longestGap(grid, gapMs));
  return slotsBetween(measure, edges, grid, gapMs);
}

function append(measure: Measure, series: readonly Reading[], device = 1): void {
  readings.append(series.map((one) => ({ ...one, at: epochMs(one.at), device, quantity: quantityOf(measure) })));
}

/** A poll that is a little late; one that was missed; a device that was dead for a while, or for hours. */
const pause = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 2 * minute }) },
  { weight: 2, arbitrary: fc.integer({ min: minute, max: 25 * minute }) },
  { weight: 1, arbitrary: fc.constantFrom(15 * minute, hour, 2 * hour, 2 * hour + 1, 5 * hour) },
);
const step = fc.record({
  pause,
  grown: fc.double({ min: 0, max: 80, noNaN: true }),
  mark: fc.oneof(
    { weight: 20, arbitrary: fc.constant<Mark>('good') },
    { weight: 1, arbitrary: fc.constantFrom<Mark>('doubtful', 'anew') },
  ),
});

/** Half of all readings are on the very instant: polls are. */
const series = fc
  .record({ steps: fc.array(step, { minLength: 40, maxLength: 250 }), exact: fc.boolean() })
  .map(({ steps, exact }) => {
    let [at, value] = [start, 1234.567];
    const made: Reading[] = [];
    for (const { pause: ms, grown, mark } of steps) {
      const next = at + ms;
      at = exact && next - (next % minute) > at ? next - (next % minute) : next;
      if (mark === 'anew') value = 0;
      else if (mark === 'good') value += grown;
      made.push({ at, value: mark === 'doubtful' ? 0 : value, mark });
    }
    return made;
  });
const asLevel = (made: readonly Reading[]) =>
  made.map(({ at, value }): Reading => ({ at, value: Math.round((value * 7919) % 40_000) / 10 - 500, mark: 'good' }));

const quarters = fc.record({
  shift: fc.integer({ min: -8, max: 60 }),
  step: fc.constantFrom(15 * minute, 30 * minute, hour, 6 * hour),
  gapMs: fc.constantFrom(25_000, 5 * minute, 20 * minute, 3 * hour),
});

describe('what is condensed', () => {
  it.each<Measure>(['change', 'mean', 'derived energy'])(
    'answers any slot of quarters as the readings did, to the bit, also when they are forgotten: %s',
    (measure) => {
      fc.assert(
        fc.property(series, fc.array(quarters, { minLength: 3, maxLength: 6 }), (made, grids) => {
          close();
          open();
          const all = measure === 'change' ? made : asLevel(made);
          append(measure, all);
          const asked = grids.map(({ shift, step: length, gapMs }) => {
            const grid = { from: start + shift * 15 * minute, step: length, slots: (24 * hour) / length };
            return { grid, gapMs, expected: resampled(measure, all, grid, gapMs) };
          });
          const check = () => {
            for (const { grid, gapMs, expected } of asked) expect(stored(measure, grid, gapMs)).toEqual(expected);
          };
          check();
          condenseAll();
          check();
          pruneAll();
          check();
          reopen();
          check();
        }),
        { numRuns: 15 },
      );
    },
  );
});

describe('a pause before the hour up to which all is condensed', () => {
  /** In minutes from there. */
  it.each<[where: string, from: number, until: number]>([
    ['in a quarter that is over', -44, -31],
    ['in the last quarter', -14, -3],
    ['across it', -6, 6],
  ])('leaves the slot that ends after it uncovered: %s', (_, from, until) => {
    const border = start + 3 * hour;
    const polls = Array.from({ length: 2 * 6 * 60 }, (_poll, index) => start + index * 30_000);
    const made = polls
      .filter((at) => at <= border + from * minute || at >= border + until * minute)
      .map((at, index): Reading => ({ at, value: index % 900, mark: 'good' }));
    append('mean', made);
    condenseAll();
    expect(tiers.holdings()?.condensedUntil).toBe(border);
    for (const forgotten of [false, true]) {
      if (forgotten) pruneAll();
      for (const shift of [0, 30 * minute]) {
        const grid = { from: start + hour + shift, step: hour, slots: 4 };
        const expected = resampled('mean', made, grid, 5 * minute);
        expect(stored('mean', grid, 5 * minute)).toEqual(expected);
        expect(expected.coverage.filter((one) => one === 'covered').length).toBeGreaterThan(1);
        expect(expected.coverage).toContain('gap');
      }
    }
  });
});

describe('what is erased', () => {
  const stretch = { from: start + 90 * minute, until: start + 150 * minute };
  const counted = Array.from({ length: 8 * 60 }, (_, index): Reading => {
    return { at: start + index * minute, value: index * 2, mark: 'good' };
  });
  const measures: [Measure, 'condensed' | 'not condensed'][] = [
    ['change', 'condensed'],
    ['change', 'not condensed'],
    ['mean', 'condensed'],
    ['mean', 'not condensed'],
  ];

  it.each(measures)('is no slot’s value any more, be it of a counter or a level: %s, %s', (measure, state) => {
    append(measure, counted);
    append(measure, counted, 2);
    if (state === 'condensed') condenseAll();
    expect(tiers.erase([{ device: 1, quantity: quantityOf(measure) }], stretch)).toBe(60);
    tiers.reload();
    const grid = { from: start, step: 30 * minute, slots: 10 };
    const expected = resampled(measure, counted, grid, 5 * minute);
    const before = expected.coverage.map(() => 'covered');
    expect(expected.coverage).toEqual(before);
    for (const round of ['', 'after a restart']) {
      if (round !== '') reopen();
      const { values, coverage } = stored(measure, grid, 5 * minute);
      // The edge at which the stretch begins is erased, that at which it ends is not.
      const gone = [2, 3, 4];
      expect(coverage).toEqual(before.map((one, slot) => (gone.includes(slot) ? 'gap' : one)));
      for (const [slot, value] of values.entries()) expect(value).toBe(gone.includes(slot) ? 0 : expected.values[slot]);
      expect(stored(measure, grid, 5 * minute, 2)).toEqual(expected);
      const [across] = stored(measure, { from: start + hour, step: 2 * hour, slots: 1 }, 5 * minute).coverage;
      expect(across).toBe(measure === 'change' ? 'covered' : 'gap');
    }
  });
});
