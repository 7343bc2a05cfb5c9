/** A home that only waits: its keys are replaced and erased in time, and what was sent to them is forgotten with them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeyKeeper } from '../../agent/key-keeper.ts';
import { after, durationMs } from '../../broker/protocol/clock.ts';
import { type MadeHome, makeCohort, now } from '../broker/protocol/made-cohort.ts';
import { enter, hour, temporaryFolder } from './made-agent.ts';
import { MadeInbox } from './rounds/made-inbox.ts';

const made = makeCohort(4);
const { grid } = made.announceFields;
const day = 24 * hour;

let own: ReturnType<typeof temporaryFolder>;
let home: MadeInbox;
let keeper: KeyKeeper;

beforeEach(async () => {
  own = temporaryFolder();
  home = new MadeInbox(own.folder, made);
  enter(home.tensors, 'fridge', [1, 2, 3, 4], { from: grid.from });
  await home.announced(home.announce());
  await home.rosterComes();
  keeper = new KeyKeeper({
    home: 'home-0001',
    keys: { identity: (made.homes[0] as MadeHome).identity, agreement: home.keys },
    rules: { rotateEvery: durationMs(30 * day) },
    database: home.database,
    clock: home.clock,
    log: home.log,
    publish: async () => {},
    erased: () => {},
    restored: async () => {},
  });
  keeper.start();
});
afterEach(() => {
  keeper.close();
  home.close();
  own.remove();
});

const held = () => home.database.prepare('SELECT length(bytes) > 0 FROM reports').pluck().all();

test('a report is held as long as the key that the roster names, and forgotten with it', async () => {
  const replaced = after(now, durationMs(30 * day));
  await home.clock.stepTo(after(replaced, durationMs(14 * day - hour)));
  expect(home.keys.sequences()).toHaveLength(2);
  expect(held()).toEqual([1]);
  await home.clock.stepTo(after(replaced, durationMs(14 * day + 2 * hour)));
  expect(home.keys.sequences()).toHaveLength(1);
  expect(held()).toEqual([0]);
  expect(home.lines.filter((line) => line.includes('messages of rounds forgotten'))).toHaveLength(1);
});
