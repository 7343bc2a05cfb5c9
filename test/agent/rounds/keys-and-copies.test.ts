/**
 * The same law through the life of the keys: however keys rotate, rosters follow and older copies take the place of the
 * database, no cell is in two reports that left the house. Its memory is this test's: the home's own may be lost.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeBackup, readBackup, restoreBackup } from '../../../agent/backup.ts';
import { forgetRounds } from '../../../agent/store/forget-rounds.ts';
import { noteRestore, settleRestores } from '../../../agent/store/restores.ts';
import { durationMs, epochMs } from '../../../broker/protocol/clock.ts';
import { overlaps, spanOf } from '../../../broker/protocol/grid.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import type { Round } from '../../../broker/protocol/round.ts';
import { makeCohort, now } from '../../broker/protocol/made-cohort.ts';
import { enter, hour, temporaryFolder } from '../made-agent.ts';
import { MadeInbox } from './made-inbox.ts';

const made = makeCohort(4);
const slots = 40;
const first = now - 8 * 6 * hour;
const rules = { rotateEvery: durationMs(24 * hour) };

type Move =
  | { readonly move: 'announce'; readonly at: number; readonly slots: number }
  | { readonly move: 'repeat'; readonly nth: number }
  | { readonly move: 'wait'; readonly hours: number }
  | { readonly move: 'rotate' | 'roster' | 'backup' | 'restore' | 'restart' };

const only = <const Name extends string>(name: Name) => fc.constant(name);
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      move: only('announce'),
      at: fc.integer({ min: 8, max: 16 }),
      slots: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ move: only('wait'), hours: fc.integer({ min: 6, max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ move: only('repeat'), nth: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ move: fc.constantFrom('rotate', 'roster') }) },
  { weight: 3, arbitrary: fc.record({ move: fc.constantFrom('backup', 'restore', 'restart') }) },
);

/** Always among them. */
const sameHoursAgain: Move[] = [
  { move: 'announce', at: 9, slots: 1 },
  { move: 'restore' },
  { move: 'announce', at: 9, slots: 1 },
];

const wait = (hours: number): Move => ({ move: 'wait', hours });
/** Over, while the key that its roster names is in use; then without it. */
const forgottenLater: Move[] = [
  { move: 'announce', at: 9, slots: 1 },
  ...[wait(30), wait(30), wait(30), wait(30)],
  ...([{ move: 'rotate' }, { move: 'roster' }, { move: 'announce', at: 10, slots: 1 }, { move: 'rotate' }] as const),
  { move: 'repeat', nth: 0 },
];

interface Life {
  readonly home: MadeInbox;
  readonly folder: string;
  readonly rounds: Round[];
  backup: string | undefined;
  restored: boolean;
  backups: number;
}

test('no cell is in two reports, whatever becomes of keys, rosters and the database', async () => {
  let afterRestore = 0;
  let forgotten = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 8, maxLength: 24 }), async (moves) => {
      const { folder, remove } = temporaryFolder();
      const files = { 'identity.pem': 'a key', 'agent.yaml': 'home: home-0001' };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
      const home = new MadeInbox(folder, made);
      const life: Life = { home, folder, rounds: [], backup: undefined, restored: false, backups: 0 };
      try {
        enter(home.tensors, 'lamp', new Array(slots).fill(100), { from: first });
        await play(life, { move: 'backup' });
        for (const each of moves) {
          const before = home.sent('report').length;
          await play(life, each);
          if (life.restored) afterRestore += home.sent('report').length - before;
        }
        checkSent(life);
        forgotten += checkForgotten(life);
      } finally {
        home.close();
        remove();
      }
    }),
    { numRuns: 20, examples: [[sameHoursAgain], [forgottenLater]] },
  );
  // A law over nothing holds always.
  expect(afterRestore).toBeGreaterThan(0);
  expect(forgotten).toBeGreaterThan(0);
});

async function play(life: Life, each: Move): Promise<void> {
  const { home, folder, rounds } = life;
  const at = home.clock.now();
  switch (each.move) {
    case 'announce': {
      // Of the hours around now, for which much of the mischief is.
      const from = Math.floor(at / (6 * hour)) * 6 * hour + (each.at - 12) * 6 * hour;
      const grid = { from: Math.max(first, from), step: 6 * hour, slots: each.slots };
      rounds.push(home.announce({ grid, deadline: epochMs(at + 60 * hour), expiry: epochMs(at + 90 * hour) }));
      return hear(home, rounds.at(-1));
    }
    case 'repeat':
      return hear(home, rounds[each.nth % rounds.length]);
    case 'wait':
      return home.clock.stepTo(epochMs(at + each.hours * hour));
    case 'rotate':
      home.keys.renew(at, rules);
      forgetRounds(home.database, at);
      checkForgotten(life);
      return;
    case 'roster':
      return home.nextRoster();
    case 'restart':
      return home.restart();
    case 'backup':
      life.backups += 1;
      life.backup = join(folder, `${life.backups}.backup`);
      return makeBackup({ dataDir: folder, path: join(folder, 'agent.yaml') }, life.backup);
    case 'restore':
      if (life.backup !== undefined) restore(life, life.backup);
  }
}

function restore(life: Life, backup: string): void {
  const { home, folder } = life;
  home.close();
  restoreBackup(readBackup(backup), folder, (database) =>
    noteRestore(database, { at: home.clock.now(), cause: 'backup' }),
  );
  home.restart();
  settleRestores(home.database, home.clock.now());
  home.nextRoster();
  life.restored = true;
}

async function hear(home: MadeInbox, round: Round | undefined): Promise<void> {
  if (round === undefined) return;
  await home.announced(round);
  await home.rosterComes();
}

/** What was sent is there as long as the key that its roster names, and the round. @returns in how many it is not */
function checkForgotten({ home }: Life): number {
  const rows = home.database
    .prepare<[], { erased: number | null; expiry: number; forgotten: number | null; length: number; roster: number }>(
      `SELECT erased_at_ms AS erased, expiry_ms AS expiry, rounds.forgotten_at_ms AS forgotten,
         length(rounds.signed) + coalesce(length(bytes), 1) AS length, length(rosters.signed) AS roster
       FROM rounds JOIN rosters ON rosters.hash = roster JOIN agreement_keys ON sequence = own_sequence
         LEFT JOIN reports ON round = id`,
    )
    .all();
  for (const { erased, expiry, forgotten, length, roster } of rows) {
    const isDue = erased !== null && expiry < home.clock.now();
    // Only where keys are looked after something is forgotten.
    if (forgotten !== null) expect(isDue).toBe(true);
    expect(length > 1).toBe(forgotten === null);
    if (forgotten === null) expect(roster).toBeGreaterThan(0);
  }
  return rows.filter(({ forgotten }) => forgotten !== null).length;
}

function checkSent({ home, rounds }: Life): void {
  const sent = new Map<string, string>();
  for (const { topic, round, payload } of home.published) {
    if (topic !== 'report') continue;
    expect(sent.get(round) ?? toHex(payload), 'a report in other bytes').toBe(toHex(payload));
    sent.set(round, toHex(payload));
  }
  const grids = rounds.filter(({ id }) => sent.has(id)).map(({ announce }) => spanOf(announce.grid));
  for (const [at, one] of grids.entries()) {
    for (const other of grids.slice(at + 1)) expect(overlaps(one, other)).toBe(false);
  }
}
