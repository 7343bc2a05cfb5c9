/** Changed messages of each kind by the thousand; a million of each as a bench. */
import { describe, expect, test } from 'vitest';
import { fuzz, fuzzedJson, fuzzedNames } from './fuzz.ts';
import { jsonSamples } from './json-samples.ts';

/** JSON takes longer to read and write: twenty thousand over all its kinds, and more. */
const mutations = new Map([
  ...fuzzedNames.map((name) => [name, 20_000] as const),
  ...fuzzedJson.map((name) => [name, 2000] as const),
]);

test.each(fuzzedJson)('%s is good before it is changed', (name) => {
  const { good, again, read } = jsonSamples[name] ?? {};
  expect(() => read?.(good ?? new Uint8Array())).not.toThrow();
  expect(again?.(good ?? new Uint8Array())).toEqual(good);
});

describe('a message with changes at random places is refused, or encodes again to the same bytes', () => {
  test.each([...mutations])('%s, %i times', { timeout: 120_000 }, (name, times) => {
    const { unsound, refused, taken, mostBytes, over1Ms } = fuzz(name, times);
    expect(unsound).toEqual([]);
    expect(refused).toBeGreaterThan(taken / 10);
    expect(refused + taken).toBe(times);
    expect(mostBytes).toBeLessThan(1_000_000);
    // Others want the processor too: a reader that is slow is slow always.
    expect(over1Ms).toBeLessThan(times / 4);
  });
});
