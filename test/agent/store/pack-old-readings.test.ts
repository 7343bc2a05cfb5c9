import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Mark } from '../../../agent/polling/counter.ts';
import { openDatabase } from '../../../agent/store/database.ts';
import { rememberDevices } from '../../../agent/store/device-store.ts';
import { migrations } from '../../../agent/store/migrations.ts';
import { ReadingStore } from '../../../agent/store/reading-store.ts';
import { ReadingTiers } from '../../../agent/store/reading-tiers.ts';
import type { Reading } from '../../../agent/tensors/edges.ts';
import { longestGap, type Measure, slotsBetween } from '../../../agent/tensors/resampling.ts';
import { hour, openAgentDatabase, temporaryFolder } from '../made-agent.ts';
import { resampled } from '../tensors/resampled.ts';

const minute = 60_000;
const start = 20_000 * 24 * hour;
const marks: readonly Mark[] = ['good', 'doubtful', 'anew'];
/** Of migrations before readings were packed. */
const before = migrations.slice(
  0,
  migrations.findIndex(({ name }) => name === 'tiers-1'),
);

/** Every 20 s for seven hours, one hour of silence in them; a counter that is doubted once and counts anew later. */
const polls = Array.from({ length: 7 * 180 }, (_, poll) => start + poll * 20_000 + (poll % 7)).filter(
  (at) => at < start + 2 * hour || at >= start + 3 * hour,
);
const markOf = (poll: number): Mark => (poll === 100 ? 'doubtful' : poll === 900 ? 'anew' : 'good');
const counter = polls.map((at, poll): Reading => {
  const mark = markOf(poll);
  return { at, value: mark === 'doubtful' ? 3 : poll < 900 ? 5000 + poll * 1.25 : (poll - 900) * 1.25, mark };
});
const level = polls.map((at, poll): Reading => ({ at: at + 5, value: 230 + Math.sin(poll), mark: 'good' }));

it('readings of a database that held them series by series are all there, and every slot of them is what it was', () => {
  const { folder, remove } = temporaryFolder();
  const old = openDatabase(join(folder, 'agent.db'), before);
  rememberDevices(old, [{ id: 'fridge', port: '/dev/line', address: 1, serial: undefined }]);
  const addSeries = old.prepare('INSERT INTO series (number, device, quantity, unit) VALUES (?, 1, ?, ?)');
  const add = old.prepare('INSERT INTO readings (series, at_ms, value, mark) VALUES (?, ?, ?, ?)');
  addSeries.run(1, 'energyImport', 'Wh');
  addSeries.run(2, 'power', 'W');
  old.transaction(() => {
    for (const [place, all] of [counter, level].entries()) {
      for (const { at, value, mark } of all) add.run(place + 1, at, value, marks.indexOf(mark));
    }
  })();
  old.close();

  const database = openAgentDatabase(folder);
  try {
    const readings = new ReadingStore(database);
    const tiers = new ReadingTiers(database);
    expect(readings.around(1, 'energyImport', 0, start + 24 * hour, 0)).toEqual(counter);
    expect(readings.around(1, 'power', 0, start + 24 * hour, 0)).toEqual(level);
    expect(readings.standOf(1, 'energyImport').last.last?.at).toBe(counter.at(-1)?.at);
    const check = () => {
      for (const measure of ['change', 'mean', 'derived energy'] satisfies Measure[]) {
        const [quantity, all] =
          measure === 'change' ? (['energyImport', counter] as const) : (['power', level] as const);
        const grid = { from: start, step: 15 * minute, slots: 30 };
        const edges = readings.edges(1, quantity, grid, longestGap(grid, minute));
        const expected = resampled(measure, all, grid, minute);
        expect(slotsBetween(measure, edges, grid, minute)).toEqual(expected);
        expect(new Set(expected.coverage)).toContain('covered');
      }
    };
    check();
    while (tiers.condense());
    check();
    const left = database.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'readings%'").all();
    expect(left).toEqual([]);
  } finally {
    database.close();
    remove();
  }
});
