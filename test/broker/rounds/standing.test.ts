import { expect, test } from 'vitest';
import { type StoredStanding, standingOf } from '../../../broker/rounds/standing.ts';
import { makeCohort, rosterOf } from './made-cohort.ts';

const roster = rosterOf(makeCohort(['ada', 'ben', 'cleo', 'dan']));
const report = { said: 'report', salt: Buffer.alloc(16), digest: Buffer.alloc(32) } as const;
const decline = { said: 'decline', reason: 'spent' } as const;
const nothing: StoredStanding = { roster, matching: [], heard: [], complaints: [] };
const none = {
  noReport: [],
  noAnswer: [],
  answeredBefore: [],
  inconsistent: [],
  fault: [],
  disputed: [],
  complaints: [],
};
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
    { asked: { wave: [], answers: [sums, undefined, sums, undefined] } },
    { noAnswer: ['ben', 'dan'] },
  ],
  [
    'names of the first wave alone who has not answered, as long as nobody else was asked',
    { asked: { wave: [2, 3], answers: [undefined, undefined, sums, undefined] } },
    { noAnswer: ['ben'] },
  ],
  [
    'names apart who answered for the set before; one that answers for both is not missing',
    { asked: { wave: [], answers: [sums, undefined, undefined, sums], former: { answered: [2, 4] } } },
    { noAnswer: ['cleo'], answeredBefore: ['ben'] },
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
