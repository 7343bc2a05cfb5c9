/** A million changed messages of each kind: refused, or the same bytes again; and what each costs. */
import { fuzz, fuzzedJson, fuzzedNames } from '../broker/protocol/fuzz.ts';
import { atMost, type Figure } from './figure.ts';

const mutations = 1_000_000;

export async function measure(): Promise<readonly Figure[]> {
  return [...fuzzedNames, ...fuzzedJson].flatMap((name) => {
    const { unsound, over1Ms, longestMs, mostBytes } = fuzz(name, mutations);
    const of = `${name}, ${mutations.toLocaleString('en')} changed at random`;
    return [
      { name: `${of}: taken for what they are not`, value: unsound.length, unit: '', goal: atMost(0) },
      { name: `${of}: most memory of one`, value: mostBytes / 1e6, unit: 'MB', goal: atMost(1) },
      // Above a thousandth of them only where the process stood still.
      { name: `${of}: over 1 ms`, value: over1Ms, unit: '', goal: atMost(mutations / 1000) },
      { name: `${of}: the longest`, value: longestMs, unit: 'ms' },
    ];
  });
}
