import { expect, test } from 'vitest';
import { WarningLimit } from '../../broker/warning-limit.ts';
import { keepingLog } from './silent-log.ts';

function limited() {
  const { log, lines } = keepingLog();
  const clock = { now: 5 };
  const limit = new WarningLimit({ log, isKnown: (home) => home.startsWith('home-'), now: () => clock.now });
  const written = () => lines.filter((line) => line.includes('a line')).length;
  const allowed = (sender: string, times: number) => {
    const before = written();
    for (let time = 0; time < times; time++) limit.warn(sender, { sender }, 'a line');
    return written() - before;
  };
  const others = () => lines.filter((line) => !line.includes('a line'));
  return { limit, log, lines, others, clock, allowed };
}

test('ten lines a minute of each home, sixty of all strangers together', () => {
  const { allowed } = limited();
  expect([allowed('home-1', 1000), allowed('home-2', 3), allowed('home-1', 1)]).toEqual([10, 3, 0]);
  expect(allowed('a', 59)).toBe(59);
  // A new name each time makes no new allowance.
  expect(['b', 'c', 'd'].map((name) => allowed(name, 1))).toEqual([1, 0, 0]);
});

test('the next minute begins with how many were left out', () => {
  const { allowed, clock, others } = limited();
  allowed('home-1', 15);
  clock.now += 59_999;
  expect(allowed('home-1', 1)).toBe(0);
  expect(others()).toEqual([]);
  clock.now += 1;
  expect(allowed('home-1', 1)).toBe(1);
  expect(others().map((line) => JSON.parse(line) as object)).toMatchObject([{ leftOut: 6 }]);
  clock.now += 60_000;
  expect(allowed('home-1', 1)).toBe(1);
  expect(others()).toHaveLength(1);
});

test('a line bears what its own log adds', () => {
  const { limit, log, lines } = limited();
  limit.warn('home-1', { home: 'home-1' }, 'of a round', log.child({ round: 'ab' }));
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ home: 'home-1', round: 'ab' }]);
});
