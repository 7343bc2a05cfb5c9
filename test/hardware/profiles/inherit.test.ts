import { expect, test } from 'vitest';
import { inherited } from '../../../hardware/profiles/inherit.ts';

const base = {
  name: 'One',
  reading: { longest: 80 },
  registers: [
    { quantity: 'power', at: 1 },
    { quantity: 'voltage', at: 2 },
  ],
};
const load = (name: string): unknown => (name === 'one' ? base : { like: name });

test('a profile that is like another has its own settings first, registers by quantity', () => {
  const own = {
    name: 'Two',
    like: 'one',
    each: { kind: 'input' },
    without: ['voltage'],
    registers: [
      { quantity: 'power', at: 9 },
      { quantity: 'current', at: 5, kind: 'holding' },
    ],
  };
  expect(inherited(own, load)).toEqual({
    name: 'Two',
    like: 'one',
    reading: { longest: 80 },
    registers: [
      { quantity: 'power', at: 9, kind: 'input' },
      { quantity: 'current', at: 5, kind: 'holding' },
    ],
  });
});

test.each<[string, unknown, RegExp]>([
  ['one that is like itself', { like: 'self' }, /self is like self/],
  ['a name that is none', { like: 5 }, /must be the name/],
  ['a quantity that is not there to be left out', { like: 'one', without: ['frequency'] }, /there is no frequency/],
])('%s is refused', (_, raw, why) => {
  expect(() => inherited(raw, load)).toThrow(why);
});

test('what is no object is left for the schema to refuse', () => {
  expect(inherited(null, load)).toBeNull();
  expect(inherited({ registers: 'none', each: {} }, load)).toEqual({ registers: 'none', each: {} });
});
