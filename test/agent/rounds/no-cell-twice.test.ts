/**
 * The law behind the whole policy: whatever is announced, in whatever order, through restarts, full disks and wrong
 * clocks, no cell leaves the house twice.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { after } from '../../../broker/protocol/clock.ts';
import type { Grid } from '../../../broker/protocol/fields.ts';
import { overlaps, spanOf } from '../../../broker/protocol/grid.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import type { Round } from '../../../broker/protocol/round.ts';
import { makeCohort, now } from '../../broker/protocol/made-cohort.ts';
import { enter, hour, temporaryFolder } from '../made-agent.ts';
import { MadeInbox } from './made-inbox.ts';

const made = makeCohort(4);
const slots = 16;
const first = now - slots * 6 * hour;
const tags = ['#energy-consumption', '#kitchen', '#cellar'];
const tensors: [id: string, tags: string[]][] = [
  ['fridge', ['#energy-consumption', '#kitchen']],
  ['oven', ['#energy-consumption', '#kitchen']],
  ['pump', ['#energy-consumption', '#cellar']],
];

const grid = fc
  .record({ at: fc.nat(slots - 1), slots: fc.integer({ min: 1, max: 4 }), double: fc.boolean() })
  .map(({ at, slots: count, double }) => ({
    from: first + at * 6 * hour,
    step: (double ? 12 : 6) * hour,
    slots: count,
  }));

type Move =
  | { readonly move: 'announce'; readonly grid: Grid; readonly tag: string }
  /** The announcement comes again, or is cleared: of the nth round so far. */
  | { readonly move: 'repeat' | 'clear'; readonly nth: number }
  | { readonly move: 'restart' }
  /** The machine starts again, with a clock that is wrong by so much. */
  | { readonly move: 'wake'; readonly byMs: number }
  | { readonly move: 'share'; readonly on: boolean }
  | { readonly move: 'withdraw'; readonly tensor: string }
  /** A round comes while a table takes no more rows. */
  | { readonly move: 'fill'; readonly table: string };

const only = <const Name extends string>(name: Name) => fc.constant(name);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ move: only('announce'), grid, tag: fc.constantFrom(...tags) }) },
  { weight: 2, arbitrary: fc.record({ move: only('repeat'), nth: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ move: only('clear'), nth: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ move: only('restart') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      move: only('wake'),
      byMs: fc.constantFrom(0, -Number(now), -24 * hour, -hour, hour, 30_000 * hour),
    }),
  },
  { weight: 1, arbitrary: fc.record({ move: only('share'), on: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ move: only('withdraw'), tensor: fc.constantFrom(...tensors.map(([id]) => id)) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      move: only('fill'),
      table: fc.constantFrom('reports', 'spent_cells', 'ledger', 'rounds', 'rosters'),
    }),
  },
);

test('no cell is released twice, and no report differs from the one on disk', async () => {
  let reports = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 4, maxLength: 20 }), async (moves) => {
      const { folder, remove } = temporaryFolder();
      const home = new MadeInbox(folder, made);
      try {
        for (const [id, own] of tensors)
          enter(home.tensors, id, new Array(slots).fill(100), { from: first, tags: own });
        const rounds: Round[] = [];
        for (const each of moves) await play(home, rounds, each);
        checkReleases(home);
        reports += home.sent('report').length;
      } finally {
        home.close();
        remove();
      }
    }),
    { numRuns: 30 },
  );
  // A law over nothing holds always.
  expect(reports).toBeGreaterThan(30);
});

async function play(home: MadeInbox, rounds: Round[], each: Move): Promise<void> {
  switch (each.move) {
    case 'announce': {
      const query = { ...made.announceFields.query, tags: [each.tag] };
      const times = { deadline: after(now, 100 * hour), expiry: after(now, 200 * hour) };
      const round = home.announce({ query, grid: each.grid, ...times });
      rounds.push(round);
      await hear(home, round);
      break;
    }
    case 'repeat': {
      const round = rounds[each.nth % rounds.length];
      if (round !== undefined) await hear(home, round);
      break;
    }
    case 'clear': {
      const round = rounds[each.nth % rounds.length];
      if (round !== undefined) await home.inbox.announced(round.id, new Uint8Array());
      break;
    }
    case 'restart':
      home.restart();
      break;
    case 'wake':
      home.restart(after(now, each.byMs));
      break;
    case 'share':
      home.sharing = each.on;
      await home.inbox.reconsider();
      break;
    case 'withdraw':
      home.tensors.withdraw(each.tensor);
      await home.inbox.reconsider();
      home.tensors.publish(each.tensor, undefined, now);
      await home.inbox.reconsider();
      break;
    case 'fill':
      home.database.exec(
        `CREATE TRIGGER full BEFORE INSERT ON ${each.table} BEGIN SELECT RAISE(ABORT, 'disk full'); END`,
      );
      await play(home, rounds, { move: 'announce', tag: '#kitchen', grid: { from: first, step: 6 * hour, slots: 2 } });
      home.database.exec('DROP TRIGGER full');
      break;
  }
}

async function hear(home: MadeInbox, round: Round): Promise<void> {
  try {
    await home.announced(round);
    await home.rosterComes();
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'disk full') throw error;
  }
}

function checkReleases(home: MadeInbox): void {
  const released = home.ledger().filter((entry) => entry.kind === 'released');
  for (const one of released) {
    for (const other of released) {
      if (one === other || !overlaps(spanOf(one.grid), spanOf(other.grid))) continue;
      expect(one.tensors.filter((id) => other.tensors.includes(id))).toEqual([]);
    }
  }
  const stored = new Map(
    home.database
      .prepare<[], { round: string; bytes: Uint8Array }>('SELECT round, bytes FROM reports')
      .all()
      .map(({ round, bytes }) => [round, toHex(bytes)]),
  );
  expect(new Set(released.map(({ round }) => round))).toEqual(new Set(stored.keys()));
  for (const { round, payload, topic } of home.published) {
    if (topic === 'report') expect(toHex(payload)).toBe(stored.get(round));
  }
}
