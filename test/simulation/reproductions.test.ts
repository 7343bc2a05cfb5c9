/**
 * Worlds in which something once went wrong, most of them as fast-check shrank them: each was the end of a version that lacked the
 * line it names, or had it otherwise.
 */
import { expect, test } from 'vitest';
import type { Operation } from './operation.ts';
import { play } from './play.ts';

interface Reproduction {
  readonly name: string;
  readonly street: number;
  readonly absent?: boolean;
  readonly operations: readonly Operation[];
}

const announced: Operation = { do: 'announce', round: 0 };
const arrives: Operation = { do: 'deliver', nth: 0, times: 1 };

/** Home 1 is away, and the coordinator is cut off after its deadline. */
function withoutHome1(effects: number): readonly Operation[] {
  return [
    announced,
    { do: 'cutPower', home: 1, effects: 0 },
    { do: 'deliverAll' },
    { do: 'wait', minutes: 600 },
    { do: 'cutPower', home: 0, effects },
    { do: 'wait', minutes: 180 },
    { do: 'deliverAll' },
  ];
}

const reproductions: readonly Reproduction[] = [
  {
    name: 'a report that was lost goes out again with the announcement',
    street: 0,
    operations: [announced, arrives, arrives, arrives],
  },
  {
    name: 'a cell that one round has is not read for another',
    street: 0,
    operations: [announced, { do: 'announce', round: 2 }],
  },
  {
    name: 'hours that are not over wake the home when they are',
    street: 0,
    operations: [announced, { do: 'announce', round: 5 }],
  },
  {
    name: 'a power cut before a report is on disk leaves nothing of it outside',
    street: 0,
    operations: [
      announced,
      { do: 'cutPower', home: 1, effects: 3 },
      arrives,
      { do: 'deliver', nth: 0, times: 2 },
      { do: 'deliverAll' },
    ],
  },
  {
    name: 'an answer that the coordinator lost in a power cut is said again',
    street: 0,
    operations: [
      announced,
      arrives,
      arrives,
      { do: 'deliver', nth: 2, times: 1 },
      { do: 'cutPower', home: 0, effects: 5 },
      { do: 'deliverAll' },
    ],
  },
  {
    name: 'a home that answered before a power cut does not answer anew',
    street: 0,
    operations: [announced, { do: 'cutPower', home: 1, effects: 6 }, { do: 'deliverAll' }],
  },
  {
    name: 'a home that reported before a power cut neither declines nor reports anew',
    street: 0,
    operations: [announced, { do: 'cutPower', home: 0, effects: 0 }, { do: 'deliverAll' }, { do: 'restart', home: 1 }],
  },
  {
    name: 'a grace time that a power cut ended begins again',
    street: 4,
    absent: true,
    operations: withoutHome1(17),
  },
  {
    name: 'the time of a first wave that a power cut ended begins again',
    street: 5,
    absent: true,
    operations: withoutHome1(22),
  },
  {
    name: 'a coordinator without power fixes no set at the deadline',
    street: 0,
    operations: [
      announced,
      { do: 'cutPower', home: 0, effects: 5 },
      { do: 'deliverAll' },
      { do: 'wait', minutes: 720 },
    ],
  },
  {
    name: 'a key that a newer one has replaced lives as long as a round needs it',
    street: 0,
    operations: [announced, { do: 'rotate', home: 1 }, { do: 'deliverAll' }, { do: 'announce', round: 1 }],
  },
  {
    name: 'a key that a newer one has replaced is erased once no round needs it',
    street: 0,
    operations: [announced, { do: 'wait', minutes: 1 }, { do: 'rotate', home: 1 }],
  },
  {
    name: 'a home that goes on from a backup releases nothing of before',
    street: 0,
    operations: [
      announced,
      { do: 'deliverAll' },
      { do: 'restore', home: 1 },
      { do: 'deliverAll' },
      { do: 'announce', round: 2 },
    ],
  },
  {
    name: 'a home that goes on from a backup gives up its keys',
    street: 0,
    operations: [announced, { do: 'rotate', home: 1 }, { do: 'restore', home: 1 }],
  },
  {
    name: 'another gateway in a home’s place releases nothing of before',
    street: 0,
    operations: [
      announced,
      { do: 'deliverAll' },
      { do: 'replace', home: 1 },
      { do: 'deliverAll' },
      { do: 'announce', round: 2 },
    ],
  },
  {
    name: 'a roster of an epoch before one that the home has taken is refused, though no key in it is older',
    street: 2,
    operations: [
      announced,
      { do: 'deliverAll' },
      { do: 'cutPower', home: 1, effects: 0 },
      { do: 'connect', home: 1 },
      // Two epochs pass it by.
      { do: 'enrol', home: 4, on: false },
      { do: 'announce', round: 4 },
      { do: 'deliverAll' },
      { do: 'enrol', home: 4, on: true },
      { do: 'connect', home: 4 },
      { do: 'deliverAll' },
      { do: 'announce', round: 3 },
      { do: 'deliverAll' },
      { do: 'restart', home: 1 },
      { do: 'connect', home: 1 },
      // The round of the second is heard of first.
      arrives,
      { do: 'deliver', nth: 1, times: 1 },
      { do: 'deliver', nth: 1, times: 1 },
      { do: 'deliver', nth: 1, times: 1 },
      { do: 'deliverAll' },
    ],
  },
];

test.each(reproductions)('$name', async ({ street, operations, absent }) => {
  expect(await play(street, operations, absent)).toMatchObject({ wrong: [] });
});
