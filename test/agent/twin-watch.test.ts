import { expect, it } from 'vitest';
import { TwinWatch } from '../../agent/twin-watch.ts';
import { epochMs } from '../../broker/protocol/clock.ts';

const start = epochMs(1_000_000);
const minute = 60_000;
const status = (since: number) => Buffer.from(JSON.stringify({ v: 1, online: true, since, version: '1' }));

it.each<[string, readonly (readonly [since: number, after: number])[], boolean]>([
  [
    'three of another agent are a twin',
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ].map(([a = 0, b = 0]) => [start + a, b]),
    true,
  ],
  [
    'one that is said again and again is one',
    [
      [start + 1, 1],
      [start + 1, 2],
      [start + 1, 3],
      [start + 1, 4],
    ],
    false,
  ],
  [
    'what this agent said before it was started anew is its own',
    [
      [start - 3, 1],
      [start - 2, 2],
      [start - 1, 3],
    ],
    false,
  ],
  [
    'what it says is its own',
    [
      [start + 7, 1],
      [start + 8, 2],
      [start + 9, 3],
    ],
    false,
  ],
  [
    'three in an hour may be anything',
    [
      [start + 1, 1],
      [start + 2, 20 * minute],
      [start + 3, 40 * minute],
    ],
    false,
  ],
])('%s', (_, seen, expected) => {
  const watch = new TwinWatch(start);
  for (const own of [7, 8, 9]) watch.says(epochMs(start + own));
  const found = seen.map(([since, after]) => watch.seen(status(since), epochMs(start + after)));
  expect(found.at(-1)).toBe(expected);
  expect(watch.seen(Buffer.from('cleared'), start)).toBe(false);
});
