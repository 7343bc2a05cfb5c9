import { expect, test } from 'vitest';
import { WarningLimit } from '../../broker/warning-limit.ts';
import { keepingLog } from './silent-log.ts';

function limited() {
  const { log, lines } = keepingLog();
  const clock = { now: 5 };
  const limit = new WarningLimit({ log, isKnown: (home) => home.startsWith('home-'), now: () => clock.now });
  const allowed = (sender: string, times: number) =>
    Array.from({ length: times }, () => limit.allows(sender)).filter(Boolean).length;
  return { lines, clock, allowed };
}

test('ten lines a minute of each home, sixty of all strangers together', () => {
  const { allowed } = limited();
  expect([allowed('home-1', 1000), allowed('home-2', 3), allowed('home-1', 1)]).toEqual([10, 3, 0]);
  expect(allowed('a', 59)).toBe(59);
  // A new name each time makes no new allowance.
  expect(['b', 'c', 'd'].map((name) => allowed(name, 1))).toEqual([1, 0, 0]);
});

test('the next minute begins with how many were left out', () => {
  const { allowed, clock, lines } = limited();
  allowed('home-1', 15);
  clock.now += 59_999;
  expect(allowed('home-1', 1)).toBe(0);
  expect(lines).toEqual([]);
  clock.now += 1;
  expect(allowed('home-1', 1)).toBe(1);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ leftOut: 6 }]);
  clock.now += 60_000;
  expect(allowed('home-1', 1)).toBe(1);
  expect(lines).toHaveLength(1);
});
