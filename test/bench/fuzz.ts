/** A million changed messages of each type: refused, or the same bytes again; and what each costs. */
import { fuzz, fuzzedJson, fuzzedNames } from '../broker/protocol/fuzz.ts';
import { atMost, type Figure } from './figure.ts';

const mutations = 1_000_000;

export async function measure(): Promise<readonly Figure[]> {
  const types = [...fuzzedNames.map((name) => [name, 1] as const), ...fuzzedJson];
  return types.flatMap(([name, kinds]) => {
    const times = Math.ceil(mutations / kinds);
    const { unsound, over1Ms, longestMs, mostBytes } = fuzz(name, times);
    const of = `${name}, ${times.toLocaleString('en')} changed at random`;
    return [
      { name: `${of}: taken for what they are not`, value: unsound.length, unit: '', goal: atMost(0) },
      { name: `${of}: most memory of one`, value: mostBytes / 1e6, unit: 'MB', goal: atMost(1) },
      { name: `${of}: over 1 ms, however often`, value: over1Ms, unit: '', goal: atMost(0) },
      { name: `${of}: the longest`, value: longestMs, unit: 'ms', goal: atMost(1) },
    ];
  });
}
