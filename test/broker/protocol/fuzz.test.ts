/** Twenty thousand changed messages of each kind; a million of each as a bench. */
import { describe, expect, test } from 'vitest';
import { fuzz, fuzzedNames } from './fuzz.ts';

const mutations = 20_000;

describe('a message with changes at random places is refused, or encodes again to the same bytes', () => {
  test.each(fuzzedNames)('%s', { timeout: 120_000 }, (name) => {
    const { unsound, refused, taken, mostBytes, over1Ms } = fuzz(name, mutations);
    expect(unsound).toEqual([]);
    expect(refused).toBeGreaterThan(taken / 10);
    expect(refused + taken).toBe(mutations);
    expect(mostBytes).toBeLessThan(1_000_000);
    // Others want the processor too: a reader that is slow is slow always.
    expect(over1Ms).toBeLessThan(mutations / 20);
  });
});
