import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../agent/store/database.ts';
import { Ledger } from '../../../agent/store/ledger.ts';
import { RoundStore } from '../../../agent/store/round-store.ts';
import { after } from '../../../broker/protocol/clock.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { checkAnnounce, makeAnnounce } from '../../../broker/protocol/round.ts';
import { cohort, makeCohort, now } from '../../broker/protocol/made-cohort.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';

const made = makeCohort(4);
const { round, roster } = made;
const other = checkAnnounce(
  makeAnnounce(made.coordinator, { ...made.announceFields, id: Buffer.alloc(16, 1) }),
  made.announceContext,
);
const cell = { device: 'serial 7', family: 'import', from: 1000, until: 2000 };
const release = { report: Buffer.from('report'), cells: [cell], tensors: ['fridge'] };
const given = {
  answer: Buffer.from('answer'),
  setHash: Buffer.alloc(32, 5),
  signedSet: Buffer.of(5),
  contributors: 3,
  contributes: true,
};

let folder: { folder: string; remove: () => void };
let database: Database;
let store: RoundStore;

beforeEach(() => {
  folder = temporaryFolder();
  open();
  store.keepRoster(roster, made.signedRoster, 1, now);
  store.bind(round, now);
  store.bind(other, now);
});
afterEach(() => {
  database.close();
  folder.remove();
});

function open() {
  database = openAgentDatabase(folder.folder);
  store = new RoundStore(database, new Ledger(database));
}

function count(table: string): number {
  return database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
}

describe('what is stored is there after a restart', () => {
  test('a round with its report and answer, byte for byte', () => {
    store.keepReport(round, release, now);
    store.keepAnswer(round, given, now);
    database.close();
    open();
    expect(store.round(round.id)).toEqual({
      hash: toHex(round.hash),
      roster: toHex(roster.hash),
      signed: Buffer.from(round.signed),
      acceptedAt: now,
      expiry: round.announce.expiry,
      report: release.report,
      answer: { bytes: given.answer, setHash: given.setHash, contributes: true },
      over: false,
      forgotten: false,
    });
  });

  test('a roster, its epoch, and the agreement keys in it', () => {
    database.close();
    open();
    expect(store.roster(toHex(roster.hash))).toMatchObject({ epoch: 1, acceptedAt: now });
    expect(store.epochsOf(cohort)).toEqual(new Map([[1, Buffer.from(roster.hash)]]));
    expect(store.epochsOf('elm-street')).toEqual(new Map());
    expect(store.keysSeen().size).toBe(4);
  });
});

test('an agreement key is followed only by one of a higher sequence', () => {
  const [first] = roster.homes;
  if (first === undefined) throw new Error('a roster of four has a first home');
  const older = { ...roster, homes: [{ ...first, sequence: 0, agreement: Buffer.alloc(32, 9) }] };
  store.keepRoster(older, made.signedRoster, 1, now);
  expect(store.keysSeen().get(first.id)).toEqual({ sequence: 1, key: Buffer.from(first.agreement) });
  store.keepRoster({ ...older, homes: [{ ...first, sequence: 2 }] }, made.signedRoster, 1, now);
  expect(store.keysSeen().get(first.id)?.sequence).toBe(2);
});

test('a round id stays bound to the first hash', () => {
  const second = { ...round, hash: Buffer.alloc(32, 3) };
  store.bind(second, after(now, 1));
  expect(store.round(round.id)?.hash).toBe(toHex(round.hash));
});

describe('report, spent cells and ledger entry', () => {
  test('are stored together', () => {
    store.keepReport(round, release, now);
    expect([count('reports'), count('spent_cells'), count('ledger')]).toEqual([1, 1, 1]);
  });

  test.each(['spent_cells', 'ledger'])('none of them where %s cannot be written', (table) => {
    database.exec(`CREATE TRIGGER full BEFORE INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'disk full'); END`);
    expect(() => store.keepReport(round, release, now)).toThrow('disk full');
    expect([count('reports'), count('spent_cells'), count('ledger')]).toEqual([0, 0, 0]);
  });

  test('there is one report per round', () => {
    store.keepReport(round, { ...release, cells: [] }, now);
    expect(() => store.keepReport(round, { ...release, cells: [] }, now)).toThrow('UNIQUE');
  });
});

describe('answer and ledger entry', () => {
  test('are stored together', () => {
    store.keepAnswer(round, given, now);
    expect([count('answers'), count('ledger')]).toEqual([1, 1]);
  });

  test('neither where the ledger cannot be written', () => {
    database.exec("CREATE TRIGGER full BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    expect(() => store.keepAnswer(round, given, now)).toThrow('disk full');
    expect(count('answers')).toBe(0);
  });

  test('there is one answer per round', () => {
    store.keepAnswer(round, given, now);
    expect(() => store.keepAnswer(round, { ...given, setHash: Buffer.alloc(32) }, now)).toThrow('UNIQUE');
  });
});

describe('a cell', () => {
  const overlapping: [string, object][] = [
    ['the same', {}],
    ['its first instant', { from: 500, until: 1001 }],
    ['its last instant', { from: 1999, until: 9000 }],
    ['a part of it', { from: 1200, until: 1300 }],
    ['all of it and more', { from: 0, until: 9000 }],
  ];
  const apart: [string, object][] = [
    ['ends where it begins', { from: 500, until: 1000 }],
    ['begins where it ends', { from: 2000, until: 3000 }],
    ['is of another device', { device: 'serial 8' }],
    ['is of another family', { family: 'export' }],
  ];

  test.each(overlapping)('is spent for a grid that has %s', (_, changes) => {
    store.keepReport(round, release, now);
    const again = { ...cell, ...changes };
    expect(store.spentIn([again])).toBe(round.id);
    // Should the check ever be forgotten, the database still refuses.
    expect(() => store.keepReport(other, { ...release, cells: [again] }, now)).toThrow('spent once');
    expect(store.round(other.id)?.report).toBeUndefined();
  });

  test.each(apart)('leaves free what %s', (_, changes) => {
    store.keepReport(round, release, now);
    const next = { ...cell, ...changes };
    expect(store.spentIn([next])).toBeUndefined();
    store.keepReport(other, { ...release, cells: [next] }, now);
    expect(store.spentIn([next])).toBe(other.id);
  });

  test('stays spent: no statement takes it back', () => {
    store.keepReport(round, release, now);
    expect(() => database.exec('DELETE FROM spent_cells')).toThrow('stays spent');
    expect(() => database.exec('UPDATE spent_cells SET until_ms = 1500')).toThrow('stays spent');
  });

  test('one report does not hold the same cell twice', () => {
    expect(() => store.keepReport(round, { ...release, cells: [cell, cell] }, now)).toThrow('spent once');
    expect(count('reports')).toBe(0);
  });
});

test('a result ends a round, and the first one stands', () => {
  store.keepResult(round.id, '{"first":1}', now);
  store.keepResult(round.id, '{"second":2}', now);
  expect(store.round(round.id)?.over).toBe(true);
  expect(database.prepare('SELECT text FROM results').pluck().all()).toEqual(['{"first":1}']);
});
