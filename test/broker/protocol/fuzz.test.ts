/** Changed messages of each kind by the thousand; a million of each as a bench. */

import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import * as messages from '../../../broker/protocol/messages.ts';
import { topics } from '../../../broker/protocol/topics.ts';
import { fuzz, fuzzedJson, fuzzedNames } from './fuzz.ts';
import { jsonKinds, jsonSamples, signature } from './json-samples.ts';

const each = 20_000;
const mutations = new Map([
  ...fuzzedNames.map((name) => [name, each] as const),
  ...[...fuzzedJson].map(([name, kinds]) => [name, Math.ceil(each / kinds)] as const),
]);

test.each([...fuzzedJson.keys()])('%s is good before it is changed', (name) => {
  const { good, again, read } = jsonSamples[name] ?? {};
  expect(() => read?.(good ?? new Uint8Array())).not.toThrow();
  expect(again?.(good ?? new Uint8Array())).toEqual(good);
});

test('every CBOR message there is is among them', () => {
  const types = Object.values(messages).flatMap((one) => ('schema' in one ? [one.type] : []));
  expect(types).toContain('roster');
  expect(fuzzedNames).toEqual(expect.arrayContaining(types));
});

const jsonTopics = Object.entries(topics).filter(([, { form }]) => form.endsWith('json'));

test.each(jsonTopics)('every kind of JSON there is on the topic of a %s is among them', (name, { payload }) => {
  const samples = Object.values(jsonKinds[name] ?? {}).map(({ good }) => {
    const read = JSON.parse(Buffer.from(good).toString()) as object;
    return [read, { ...read, signature }];
  });
  for (const kind of kindsOf(payload as unknown as z.ZodType)) {
    expect(samples.some((forms) => forms.some((form) => kind.safeParse(form).success))).toBe(true);
  }
});

function kindsOf(schema: z.ZodType): readonly z.ZodType[] {
  const options = 'options' in schema ? (schema.options as readonly z.ZodType[]) : undefined;
  return options === undefined ? [schema] : options.flatMap(kindsOf);
}

describe('a message with changes at random places is refused, or encodes again to the same bytes', () => {
  test.each([...mutations])('%s, %i times', { timeout: 120_000 }, (name, times) => {
    const { unsound, refused, taken, mostBytes } = fuzz(name, times);
    expect(unsound).toEqual([]);
    expect(refused).toBeGreaterThan(taken / 10);
    expect(refused + taken).toBe(times);
    expect(mostBytes).toBeLessThan(1_000_000);
  });
});
