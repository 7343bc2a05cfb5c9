import { expect, test } from 'vitest';
import { type StoredStanding, standingOf } from '../../../broker/rounds/standing.ts';
import { makeCohort, rosterOf } from './made-cohort.ts';

const roster = rosterOf(makeCohort(['ada', 'ben', 'cleo', 'dan']));
const report = { said: 'report', salt: Buffer.alloc(16), digest: Buffer.alloc(32) } as const;
const decline = { said: 'decline', reason: 'spent' } as const;
const nothing: StoredStanding = { roster, matching: [], heard: [], complaints: [] };
const none = { noReport: [], noAnswer: [], inconsistent: [], fault: [], disputed: [], complaints: [] };
const sums = Buffer.alloc(8);

test.each<[string, Partial<StoredStanding>, object]>([
  ['of a round nobody is awaited in is empty', {}, {}],
  [
    'names matching homes that have said nothing, not those that declined',
    { matching: [1, 2, 3], heard: [report, decline, undefined, undefined] },
    { noReport: ['cleo'] },
  ],
  [
    'names members that have not answered',
    { answers: [sums, undefined, sums, undefined] },
    { noAnswer: ['ben', 'dan'] },
  ],
  [
    'names who complains of whom, in both sets',
    { complaints: [new Map([[1, [2, 3]]]), new Map([[4, [2]]])] },
    {
      complaints: [
        { member: 'ada', contributor: 'ben' },
        { member: 'ada', contributor: 'cleo' },
        { member: 'dan', contributor: 'ben' },
      ],
    },
  ],
])('a standing %s', (_, stored, standing) => {
  expect(standingOf({ ...nothing, ...stored })).toEqual({ ...none, ...standing });
});
