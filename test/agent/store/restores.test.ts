import { expect, test } from 'vitest';
import type { Database } from '../../../agent/store/database.ts';
import { Ledger } from '../../../agent/store/ledger.ts';
import { lastRestore, noteRestore, sequencesUntil, settleRestores, spentUntil } from '../../../agent/store/restores.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { makeCohort, now } from '../../broker/protocol/made-cohort.ts';
import { eachWithDatabase } from '../each-with-database.ts';
import { enter, hour, temporaryFolder } from '../made-agent.ts';
import { MadeInbox } from '../rounds/made-inbox.ts';

let database: Database;

eachWithDatabase((opened) => {
  database = opened;
});

const at = (hours: number) => epochMs(now + hours * hour);

test('a home that was never restored has nothing to say', () => {
  expect(lastRestore(database)).toBeUndefined();
  expect(sequencesUntil(database)).toBe(0);
});

test('everything is spent until the time is trusted, then what began before', () => {
  noteRestore(database, { at: epochMs(0), cause: 'backup' });
  expect(spentUntil(database)).toBe(Number.POSITIVE_INFINITY);
  expect(settleRestores(database, at(5))).toEqual({ at: 0, cause: 'backup', spentUntil: at(5) });
  expect(settleRestores(database, at(6))).toBeUndefined();
  expect(spentUntil(database)).toBe(at(5));
});

test('the latest instant counts, also when the clock goes back', () => {
  noteRestore(database, { at: at(5), cause: 'backup' });
  settleRestores(database, at(5));
  noteRestore(database, { at: at(1), cause: 'database-copy', sequencesUntil: 7 });
  settleRestores(database, at(1));
  expect(spentUntil(database)).toBe(at(5));
  expect(sequencesUntil(database)).toBe(7);
  expect(new Ledger(database).entries()).toMatchObject([{ kind: 'restored', cause: 'backup', spentUntil: at(5) }]);
});

test('what it has spent stays spent, whatever a statement says', () => {
  const spend = (from: number) =>
    database.prepare("INSERT INTO spent_cells VALUES ('d', 'import', ?, ?, 'r')").run(from, from + hour);
  noteRestore(database, { at: at(5), cause: 'backup' });
  expect(() => spend(at(6))).toThrow('before a restore');
  settleRestores(database, at(5));
  expect(() => spend(at(5) - 1)).toThrow('before a restore');
  expect(() => spend(at(5))).not.toThrow();
  expect(() => database.exec('DELETE FROM restores')).toThrow('stays spent');
  expect(() => database.exec('UPDATE restores SET spent_until_ms = 0')).toThrow('stays spent');
});

test('no hour that began before a restore is released, under any roster; those after are', async () => {
  const own = temporaryFolder();
  const made = makeCohort(4);
  const home = new MadeInbox(own.folder, made, at(48));
  try {
    enter(home.tensors, 'lamp', [1, 2, 3, 4], { from: at(0) });
    // Noticed with its third slot half over.
    noteRestore(home.database, { at: at(15), cause: 'database-copy' });
    settleRestores(home.database, at(15));
    // The rounds to come are under a roster with the new key: as far as this test goes, its first one.
    home.database.exec('UPDATE agreement_keys SET erased_at_ms = NULL');
    home.restart();
    for (const [from, told] of [
      [0, 1],
      [12, 2],
      [18, 2],
    ] as const) {
      const round = home.announce({
        grid: { from: at(from), step: 6 * hour, slots: 1 },
        deadline: at(60),
        expiry: at(72),
      });
      await home.announced(round);
      await home.rosterComes();
      expect(home.sent('decline')).toHaveLength(told);
    }
    expect(home.sent('report')).toHaveLength(1);
    const refused = home.ledger().filter((entry) => entry.kind === 'refused');
    expect(refused.map(({ code }) => code)).toEqual(['CELL_BEFORE_RESTORE', 'CELL_BEFORE_RESTORE']);
    expect(refused[0]?.says).toContain(new Date(at(15)).toISOString());
  } finally {
    home.close();
    own.remove();
  }
});
