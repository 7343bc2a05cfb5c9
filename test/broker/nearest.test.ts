import { expect, test } from 'vitest';
import { hint, nearest } from '../../broker/nearest.ts';

test.each([
  ['grcae', ['grace', 'keepResults'], 'grace'],
  ['Mean', ['mean', 'sum'], 'mean'],
  ['#energy-consumtion', ['#energy-consumption', '#fridge'], '#energy-consumption'],
  ['reportwithin', ['reportWithin', 'expireAfter'], 'reportWithin'],
  ['colour', ['port', 'host'], undefined],
  ['', ['host'], undefined],
  ['host', [], undefined],
])('of %s the nearest in %j is %s', (word, known, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

test('a hint is a question, or nothing', () => {
  expect(hint('hots', ['host'])).toBe('; did you mean host?');
  expect(hint('colour', ['host'])).toBe('');
});
