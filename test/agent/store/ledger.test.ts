import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLedger } from '../../../agent/home-reading.ts';
import { refusal } from '../../../agent/policy/refusals.ts';
import type { Database } from '../../../agent/store/database.ts';
import { Ledger, refusedEntry } from '../../../agent/store/ledger.ts';
import { RoundStore } from '../../../agent/store/round-store.ts';
import { after } from '../../../broker/protocol/clock.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { makeCohort, now } from '../../broker/protocol/made-cohort.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';

const made = makeCohort(4);
const { round } = made;
const asked = {
  cohort: 'oak-street',
  query: round.announce.query,
  grid: round.announce.grid,
  statistics: {},
  minimum: 3,
};

let folder: { folder: string; remove: () => void };
let database: Database;
let ledger: Ledger;
let rounds: RoundStore;

beforeEach(() => {
  folder = temporaryFolder();
  database = openAgentDatabase(folder.folder);
  ledger = new Ledger(database);
  rounds = new RoundStore(database, ledger);
  rounds.keepRoster(made.roster, made.signedRoster, 1, now);
  rounds.bind(round, now);
});
afterEach(() => {
  database.close();
  folder.remove();
});

test('a release tells which tensors went into which sum of how many', () => {
  rounds.keepReport(round, { report: Buffer.from('r'), cells: [], tensors: ['bulb', 'fridge'] }, now);
  // SHA-256 of the letter r.
  const sent = '454349e422f05297191ead13e21d3db520e5abef52055e4964b82fb213f593a1';
  expect(readLedger(database)).toEqual([
    { at: now, kind: 'released', round: round.id, members: 4, tensors: ['bulb', 'fridge'], sent, ...asked },
  ]);
});

test('contributors and result are told as soon as they are known, newest entry first', () => {
  rounds.keepReport(round, { report: Buffer.from('r'), cells: [], tensors: ['bulb'] }, now);
  const given = {
    answer: Buffer.from('a'),
    setHash: Buffer.alloc(32, 5),
    signedSet: Buffer.of(5),
    contributors: 3,
    contributes: true,
  };
  rounds.keepAnswer(round, given, after(now, 1));
  rounds.keepResult(round.id, '{"state":"opened","contributors":3,"mean":[11233.3]}', after(now, 2));
  expect(readLedger(database)).toMatchObject([
    { kind: 'answered', set: toHex(given.setHash), contributors: 3, result: { mean: [11233.3] } },
    { kind: 'released', contributors: 3, result: { state: 'opened' } },
  ]);
});

test('a refusal says what was wrong and what to do, with what the round asked for', () => {
  ledger.write(
    refusedEntry(refusal('MINIMUM_TOO_LOW', { minimum: 3, own: 15 }), round.id, round.id, round.announce, now),
  );
  expect(ledger.entries()).toEqual([
    {
      at: now,
      kind: 'refused',
      code: 'MINIMUM_TOO_LOW',
      says: 'the round settles for 3 contributors, this home asks for 15',
      remedy: 'The utility can ask a larger group; or lower policy.minContributors in the configuration.',
      round: round.id,
      ...asked,
    },
  ]);
});

test('one cause has one entry, however often it comes', () => {
  const entry = refusedEntry(refusal('ROUND_SIGNATURE'), 'announcement', undefined, undefined, now);
  expect([ledger.write(entry), ledger.write({ ...entry, at: after(now, 1) })]).toEqual([true, false]);
  expect(ledger.entries()).toHaveLength(1);
  expect(ledger.write({ ...entry, subject: 'another' })).toBe(true);
});

test('refusals make room for newer ones, releases never', () => {
  rounds.keepReport(round, { report: Buffer.from('r'), cells: [], tensors: ['bulb'] }, now);
  database.transaction(() => {
    for (let n = 0; n < 2100; n++) ledger.write(refusedEntry(refusal('CELL_SPENT'), `${n}`, undefined, undefined, now));
  })();
  const entries = ledger.entries();
  expect(entries.filter(({ kind }) => kind === 'refused')).toHaveLength(2000);
  expect(entries.at(-1)?.kind).toBe('released');
});
