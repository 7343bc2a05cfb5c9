import { afterEach, expect, test } from 'vitest';
import { openDatabase } from '../../../agent/store/database.ts';
import { migrations } from '../../../agent/store/migrations.ts';
import { temporaryFolder } from '../made-agent.ts';

const { folder, remove } = temporaryFolder();
afterEach(remove);

test('what was released as power or current before counts for both directions since', () => {
  const path = `${folder}/agent.db`;
  const old = openDatabase(
    path,
    migrations.slice(
      0,
      migrations.findIndex(({ name }) => name === 'families-1'),
    ),
  );
  const releases = [
    ['of power', 'power', 'M-1', 0],
    ['of current', 'currentL2', 'M-1', 100],
    ['of import', 'energyImport', 'M-1', 200],
    // Released as export besides: it is spent as that already.
    ['of both', 'power', 'M-1', 300],
  ] as const;
  const insert = old.prepare(
    'INSERT INTO spent_cells (device, family, from_ms, until_ms, round) VALUES (?, ?, ?, ?, ?)',
  );
  for (const [round, quantity, device, from] of releases) {
    old
      .prepare("INSERT INTO ledger (at_ms, kind, subject, code, round, details) VALUES (1, 'released', ?, '', ?, ?)")
      .run(round, round, JSON.stringify({ query: { tags: [], quantity, unit: 'W' } }));
    insert.run(device, 'import', from, from + 100, round);
  }
  insert.run('M-1', 'export', 350, 450, 'of export');
  old.close();
  const database = openDatabase(path, migrations);
  const exported = database.prepare("SELECT round, from_ms AS 'from' FROM spent_cells WHERE family = 'export'").all();
  database.close();
  expect(exported).toEqual([
    { round: 'of export', from: 350 },
    { round: 'of power', from: 0 },
    { round: 'of current', from: 100 },
  ]);
});
