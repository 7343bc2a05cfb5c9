import { describe, expect, it } from 'vitest';
import { nearest } from '../../agent/nearest.ts';

describe('the name that a misspelt one was meant to be', () => {
  const known = ['address', 'baudRate', 'pollEvery', 'profile'];
  it.each([
    ['adress', 'address'],
    ['addresss', 'address'],
    ['adrdess', 'address'],
    ['baudrate', 'baudRate'],
    ['poll_every', 'pollEvery'],
    ['porfile', 'profile'],
  ])('%s was meant to be %s', (given, meant) => {
    expect(nearest(given, known)).toBe(meant);
  });

  it.each(['colour', 'x', ''])('nothing is suggested for %s', (given) => {
    expect(nearest(given, known)).toBeUndefined();
  });
});
