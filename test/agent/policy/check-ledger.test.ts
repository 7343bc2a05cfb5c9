/** The ledger against what is stored: a home that has taken part in rounds, and then one thing of its disk is another. */
import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readLedgerCheck } from '../../../agent/home-reading.ts';
import { checkCellsOnce, type DiscrepancyCode, discrepancies } from '../../../agent/policy/check-ledger.ts';
import type { Database } from '../../../agent/store/database.ts';
import { forgetRounds } from '../../../agent/store/forget-rounds.ts';
import { HomeStore } from '../../../agent/store/home-store.ts';
import { makeOpen } from '../../../broker/protocol/answer.ts';
import { epochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { makeSet } from '../../../broker/protocol/contributor-set.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { Answer, Report } from '../../../broker/protocol/messages.ts';
import { readReport } from '../../../broker/protocol/report.ts';
import type { Round } from '../../../broker/protocol/round.ts';
import { signJson } from '../../../broker/protocol/signed-json.ts';
import { cohort, type MadeHome, makeCohort, makeReports, now } from '../../broker/protocol/made-cohort.ts';
import { homeKit } from '../home-kit.ts';
import { enter, hour } from '../made-agent.ts';
import { MadeInbox } from '../rounds/made-inbox.ts';

const made = makeCohort(4);
const { grid } = made.announceFields;

const kit = () => homeKit(new SteppedClock(now), { home: 'home-0001' });
let own: ReturnType<typeof kit>;
let home: MadeInbox;
let first: Round;
let second: Round;

beforeEach(async () => {
  own = kit();
  mkdirSync(own.dataDir, { recursive: true });
  home = new MadeInbox(own.dataDir, made);
  const { authority, coordinator, homes } = made;
  const pins = { authority: toHex(authority.publicKey), coordinator: toHex(coordinator.publicKey) };
  const { certificate } = homes[0] as MadeHome;
  new HomeStore(home.database).keepEnrolment({ home: 'home-0001', cohort, ...pins, certificate, enrolledAt: now });
  enter(home.tensors, 'fridge', [1, 2, 3, 4, 5, 6, 7, 8], { from: grid.from - 24 * hour });
  first = await takePart({});
  second = await takePart({ grid: { ...grid, from: grid.from - 24 * hour } });
});
afterEach(() => {
  if (home.database.open) home.close();
  own.remove();
});

/** A whole round: reported, answered for, and its result. */
async function takePart(changes: object): Promise<Round> {
  const round = home.announce(changes);
  await home.announced(round);
  await home.rosterComes();
  const reports = makeReports({ ...made, round }, [2, 3], new Array(round.length).fill(7n));
  const all = [home.sent('report', round)[0] as Uint8Array, ...reports.values()];
  const read = all.map((bytes, at) => ({ index: at + 1, ...readReport(round, bytes) }));
  const set = makeSet(made.coordinator, round, read);
  await home.inbox.asked(
    round.id,
    makeOpen(
      set,
      read.map(({ shares }) => shares[0] as Uint8Array),
    ),
  );
  const result = { v: 1, type: 'result', cohort, round: round.id, hash: toHex(round.hash), members: 4 } as const;
  const { query, grid: asked } = round.announce;
  const failed = { ...result, query, grid: asked, state: 'failed', reason: 'too-few-answers' } as const;
  await home.inbox.resulted(round.id, Buffer.from(signJson(made.coordinator, failed)));
  return round;
}

/** As the utility would sign it, with four answers of which three are needed. */
function opened({ id, hash, announce: { query, grid: asked } }: Round) {
  const sums = new Array<number>(asked.slots).fill(0);
  const counts = { members: 4, contributors: 3, answers: 4, needed: 3 };
  return {
    ...({ v: 1, type: 'result', cohort, round: id, hash: toHex(hash), state: 'opened' } as const),
    ...{ query, grid: asked, ...counts, checked: true, inconsistent: [], sum: sums, mean: sums },
  };
}

const found = () => readLedgerCheck(home.database).discrepancies.map(({ round, code }) => [round, code]);
const bytesOf = (table: string, round: Round) =>
  home.database.prepare(`SELECT bytes FROM ${table} WHERE round = ?`).pluck().get(round.id) as Uint8Array;

test('what a home has sent is what its ledger says', () => {
  expect(readLedgerCheck(home.database)).toEqual({
    reports: 2,
    answers: 2,
    results: 2,
    forgotten: 0,
    discrepancies: [],
  });
});

test('before it is enrolled there is nothing to check', () => {
  home.database.exec('DELETE FROM enrolment');
  expect(readLedgerCheck(home.database)).toEqual({
    reports: 0,
    answers: 0,
    results: 0,
    forgotten: 0,
    discrepancies: [],
  });
});

interface Change {
  readonly what: string;
  readonly change: (database: Database, round: string) => unknown;
  readonly codes: readonly DiscrepancyCode[];
}

const run = (sql: string, ...more: unknown[]) => {
  return (database: Database, round: string) => database.prepare(sql).run(...more, round);
};
const inDetails = (path: string, value: string) =>
  run(`UPDATE ledger SET details = json_set(details, '${path}', json(?)) WHERE round = ?`, value);
const withoutTrigger = (name: string, work: Change['change']) => (database: Database, round: string) => {
  database.exec(`DROP TRIGGER ${name}`);
  work(database, round);
};

const changes: readonly Change[] = [
  {
    what: 'another report',
    change: (database) => {
      const { v: _v, type: _type, ...fields } = Report.decode(bytesOf('reports', first));
      const other = Report.encode({ ...fields, shares: fields.shares.map((byte) => byte ^ 1) });
      database.prepare('UPDATE reports SET bytes = ? WHERE round = ?').run(other, first.id);
    },
    codes: ['report-changed'],
  },
  {
    what: 'a report of another round',
    change: (database) =>
      database.prepare('UPDATE reports SET bytes = ? WHERE round = ?').run(bytesOf('reports', second), first.id),
    codes: ['report-changed', 'report-malformed', 'own-report'],
  },
  {
    what: 'a report missing',
    change: run('DELETE FROM reports WHERE round = ?'),
    codes: ['report-missing', 'own-report'],
  },
  {
    what: 'a report that is not listed',
    change: run("DELETE FROM ledger WHERE kind = 'released' AND round = ?"),
    codes: ['report-not-listed'],
  },
  {
    what: 'cells missing',
    change: withoutTrigger('spent_cells_stay', run('DELETE FROM spent_cells WHERE round = ?')),
    codes: ['cells'],
  },
  {
    what: 'a shorter cell',
    change: withoutTrigger(
      'spent_cells_unchanged',
      run('UPDATE spent_cells SET until_ms = until_ms - 1 WHERE round = ?'),
    ),
    codes: ['cells'],
  },
  {
    what: 'a cell released twice',
    change: withoutTrigger(
      'spent_cells_once',
      run(
        'INSERT INTO spent_cells SELECT device, family, from_ms + 1, until_ms, round FROM spent_cells WHERE round = ?',
      ),
    ),
    codes: ['cells', 'cell-twice'],
  },
  {
    what: 'another answer',
    change: (database) => {
      const { v: _v, type: _type, ...fields } = Answer.decode(bytesOf('answers', first));
      const other = Answer.encode({ ...fields, sums: new Uint8Array(fields.sums.length) });
      database.prepare('UPDATE answers SET bytes = ? WHERE round = ?').run(other, first.id);
    },
    codes: ['answer-changed'],
  },
  {
    what: 'an answer of another round',
    change: (database) =>
      database.prepare('UPDATE answers SET bytes = ? WHERE round = ?').run(bytesOf('answers', second), first.id),
    codes: ['answer-changed', 'answer-malformed'],
  },
  { what: 'an answer missing', change: run('DELETE FROM answers WHERE round = ?'), codes: ['answer-missing'] },
  {
    what: 'an answer that is not listed',
    change: run("DELETE FROM ledger WHERE kind = 'answered' AND round = ?"),
    codes: ['answer-not-listed'],
  },
  {
    what: 'another set',
    change: (database) => {
      const set = database.prepare('SELECT signed_set FROM answers WHERE round = ?').pluck().get(second.id);
      database.prepare('UPDATE answers SET signed_set = ? WHERE round = ?').run(set, first.id);
    },
    codes: ['set'],
  },
  {
    what: 'the hash of another set in the ledger',
    change: inDetails('$.set', `"${'00'.repeat(32)}"`),
    codes: ['set'],
  },
  {
    what: 'more homes in the sum than there were',
    change: run('UPDATE answers SET contributors = 4 WHERE round = ?'),
    codes: ['contributors'],
  },
  {
    what: 'an answer said to be for others alone',
    change: run('UPDATE answers SET contributes = 0 WHERE round = ?'),
    codes: ['contributors'],
  },
  { what: 'a higher minimum in the ledger', change: inDetails('$.minimum', '15'), codes: ['asked'] },
  { what: 'more homes in the ledger', change: inDetails('$.members', '100'), codes: ['asked'] },
  {
    what: 'a changed announcement',
    change: (database) => {
      const signed = Uint8Array.from(first.signed);
      signed[signed.length - 1] = (signed.at(-1) ?? 0) ^ 1;
      database.prepare('UPDATE rounds SET signed = ? WHERE id = ?').run(signed, first.id);
    },
    codes: ['announcement'],
  },
  {
    what: 'the announcement under another hash',
    change: run('UPDATE rounds SET hash = ? WHERE id = ?', '00'.repeat(32)),
    codes: ['announcement'],
  },
  {
    what: 'a round noted as forgotten before its time',
    change: run('UPDATE rounds SET forgotten_at_ms = 1 WHERE id = ?'),
    codes: ['forgotten'],
  },
  {
    what: 'a result that nobody signed',
    change: run("UPDATE results SET text = replace(text, 'too-few-answers', 'implausible') WHERE round = ?"),
    codes: ['result'],
  },
  {
    what: 'a result over more homes than the set that was answered',
    change: (database) => {
      const { set_hash: set } = database.prepare('SELECT set_hash FROM answers WHERE round = ?').get(first.id) as {
        set_hash: string;
      };
      const text = signJson(made.coordinator, { ...opened(first), set, contributors: 4 });
      database.prepare('UPDATE results SET text = ? WHERE round = ?').run(text, first.id);
    },
    codes: ['result-contributors'],
  },
];

describe('what is not as the ledger says is named', () => {
  test.each(changes)('$what', ({ change, codes }) => {
    change(home.database, first.id);
    expect(found()).toEqual(codes.map((code) => [first.id, code]));
  });

  test('a roster that is another one: of every round under it', () => {
    home.database.exec('UPDATE rosters SET signed = substr(signed, 1, length(signed) - 1)');
    expect(new Set(found().map(([, code]) => code))).toEqual(new Set(['announcement']));
  });

  test('each that there is', () => {
    const named = new Set(changes.flatMap(({ codes }) => codes));
    expect([...named].sort()).toEqual(Object.keys(discrepancies).sort());
  });
});

test('hours within those of an earlier release are found, whatever was released between', () => {
  const cell = (round: string, from: number, until: number) => ({
    round,
    device: 'M-1',
    family: 'import',
    from,
    until,
  });
  const cells = [cell('a', 0, 100), cell('b', 10, 20), cell('c', 30, 40), cell('d', 100, 110)];
  expect(checkCellsOnce(cells).map(({ round }) => round)).toEqual(['b', 'c']);
});

describe('once the messages of a round are forgotten', () => {
  const nothing = { reports: 0, answers: 0, discrepancies: [] };

  beforeEach(() => {
    home.database.exec('UPDATE agreement_keys SET erased_at_ms = 1');
    expect(forgetRounds(home.database, epochMs(first.announce.expiry + 1))).toBe(2);
    expect(forgetRounds(home.database, epochMs(first.announce.expiry + 1))).toBe(0);
  });

  test('they are gone, and what binds is there', () => {
    const held = home.database
      .prepare(
        `SELECT sum(length(rounds.signed) + length(reports.bytes) + length(answers.bytes)) AS bytes, count(signed_set) AS sets
         FROM rounds JOIN reports ON reports.round = id JOIN answers ON answers.round = id`,
      )
      .get();
    expect(held).toEqual({ bytes: 0, sets: 0 });
    expect(home.database.prepare('SELECT length(signed) FROM rosters').pluck().all()).toEqual([0]);
    expect(home.database.prepare('SELECT hash FROM rounds ORDER BY rowid').pluck().all()).toEqual(
      [first, second].map(({ hash }) => toHex(hash)),
    );
    expect(home.ledger()).toHaveLength(4);
  });

  test('the ledger still agrees with what is left', () => {
    expect(readLedgerCheck(home.database)).toEqual({ ...nothing, results: 2, forgotten: 2 });
  });

  const left = [
    'a report missing',
    'a report that is not listed',
    'cells missing',
    'a shorter cell',
    'a cell released twice',
    'an answer missing',
    'an answer that is not listed',
    'the hash of another set in the ledger',
    'a result that nobody signed',
  ];
  test.each(changes.filter(({ what }) => left.includes(what)))('$what is still found', ({ change, codes }) => {
    change(home.database, first.id);
    expect(found()).toEqual(codes.filter((code) => code !== 'own-report').map((code) => [first.id, code]));
  });

  test('each of these is a case above', () => {
    expect(changes.filter(({ what }) => left.includes(what))).toHaveLength(left.length);
  });

  test.each([
    ['the key they were for is there', 'UPDATE agreement_keys SET erased_at_ms = NULL'],
    ['a report is there', "UPDATE reports SET bytes = x'01'"],
    ['an answer is there', "UPDATE answers SET bytes = x'01'"],
    ['an announcement is there', "UPDATE rounds SET signed = x'01'"],
    ['a round is not over', 'UPDATE rounds SET expiry_ms = forgotten_at_ms'],
  ])('it is found where %s', (_, sql) => {
    home.database.exec(sql);
    expect(found().map(String).sort()).toEqual([first, second].map(({ id }) => `${id},forgotten`).sort());
  });

  test('a round that is known by its result alone is none of them', () => {
    home.database.exec('DELETE FROM ledger; DELETE FROM reports; DELETE FROM answers; DROP TRIGGER spent_cells_stay');
    home.database.exec('DELETE FROM spent_cells');
    expect(readLedgerCheck(home.database)).toEqual({ ...nothing, results: 2, forgotten: 0 });
  });

  test('a result of another announcement is found', () => {
    home.database.prepare('UPDATE rounds SET hash = ? WHERE id = ?').run('00'.repeat(32), first.id);
    expect(found()).toEqual([[first.id, 'result']]);
  });

  test('wattveil ledger verify says what it can no longer compare', async () => {
    home.close();
    const { code, stdout } = await own.run('ledger', 'verify');
    expect(stdout).toContain('Checked 0 reports, 0 answers and 2 results, and of 2 older rounds the hours and the set');
    expect(stdout).toContain('what was sent there is no longer held, for this home’s key in it is erased');
    expect(code).toBe(0);
  });
});

describe('wattveil ledger verify', () => {
  test('says what it has checked, and ends with 0', async () => {
    home.close();
    const { code, stdout } = await own.run('ledger', 'verify');
    expect(stdout).toContain('Checked 2 reports, 2 answers and 2 results: what is stored is what the ledger says.');
    expect(code).toBe(0);
  });

  test('names what is wrong, says what to do, and ends with 1', async () => {
    home.database.prepare('DELETE FROM answers WHERE round = ?').run(first.id);
    home.close();
    const { code, stdout, stderr } = await own.run('ledger', 'verify');
    expect(stdout).toContain(`round ${first.id}: answer-missing: the ledger lists an answer, and none is stored`);
    expect(stderr).toContain('LEDGER_DIFFERS: what is stored does not bear out what the ledger says, in 1 places');
    expect(code).toBe(1);
    const json = await own.run('ledger', 'verify', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ answers: 2, discrepancies: [{ code: 'answer-missing' }] });
    expect(json.code).toBe(1);
  });

  test('the ledger itself tells the set, the minimum and what came of it', async () => {
    home.close();
    const { stdout } = await own.run('ledger');
    expect(stdout).toContain('3 of 4 homes in the sum (at least 3 were announced)');
    expect(stdout).toContain('it failed: fewer members answered before the round expired');
  });

  test('it says where the sum is one without this home’s report, and where the utility opened another', async () => {
    home.database.prepare('UPDATE answers SET contributes = 0 WHERE round = ?').run(first.id);
    home.database
      .prepare('UPDATE results SET text = ? WHERE round = ?')
      .run(signJson(made.coordinator, { ...opened(first), set: '00'.repeat(32) }), first.id);
    home.close();
    const { stdout } = await own.run('ledger');
    expect(stdout).toContain('3 of 4 homes in the sum, this home’s report not among them (at least 3 were announced)');
    expect(stdout).toContain('the utility opened another sum of this round than the one that this home answered for:');
    expect(stdout.match(/not among them/g)).toHaveLength(1);
  });
});
