import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { canonicalJson, readSignedJson, signJson } from '../../../broker/protocol/signed-json.ts';
import { generateSigningKey } from '../../../broker/protocol/signing.ts';
import { refusalOf } from './refusal.ts';

const key = generateSigningKey();
const Schema = z.strictObject({
  v: z.literal(1),
  type: z.literal('tariff'),
  sequence: z.int(),
  note: z.string(),
  signature: z.string(),
});
const good = { v: 1, type: 'tariff', sequence: 7, note: 'é' } as const;
const signed = signJson(key, good);
const read = (text: string | Uint8Array, type = 'tariff') =>
  readSignedJson(Schema, type, key.publicKey, text, 'the coordinator');

describe('signed JSON', () => {
  it('is sent in canonical form, with its signature among the keys', () => {
    expect(signed).toMatch(/^\{"note":"é","sequence":7,"signature":"[A-Za-z0-9_-]{86}","type":"tariff","v":1\}$/);
    expect(canonicalJson(JSON.parse(signed))).toBe(signed);
  });

  it('is read from text and from bytes', () => {
    expect(read(signed)).toMatchObject(good);
    expect(read(Buffer.from(signed))).toMatchObject(good);
  });

  it('signs anew what bears a signature already', () => {
    expect(signJson(key, JSON.parse(signed))).toBe(signed);
  });

  it('reads back whatever was signed', () => {
    const Loose = z.looseObject({});
    // A loose schema leaves `__proto__` out of what it gives back; a strict one refuses it, see below.
    const keys = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__' && name !== 'signature');
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue()), (extra) => {
        const object = { ...extra, v: 1, type: 'tariff' } as const;
        const { signature, ...rest } = readSignedJson(Loose, 'tariff', key.publicKey, signJson(key, object), 'x');
        expect(signature).toHaveLength(86);
        expect(canonicalJson(rest)).toBe(canonicalJson(object));
      }),
      { numRuns: 300 },
    );
  });

  const cases: readonly [string, string, () => unknown][] = [
    ['with a number changed', 'SIGNATURE_INVALID/signature', () => read(signed.replace('7', '8'))],
    ['by another key', 'SIGNATURE_INVALID/signature', () => read(signJson(generateSigningKey(), good))],
    ['without a signature', 'SIGNATURE_INVALID/signature', () => read(canonicalJson(good))],
    [
      'with a short signature',
      'SIGNATURE_INVALID/signature',
      () => read(canonicalJson({ ...good, signature: 'AAAA' })),
    ],
    [
      'with a padded signature',
      'SIGNATURE_INVALID/signature',
      () => read(canonicalJson({ ...good, signature: `${JSON.parse(signed).signature}==` })),
    ],
    [
      'with a signature that is a number',
      'SIGNATURE_INVALID/signature',
      () => read(canonicalJson({ ...good, signature: 1 })),
    ],
    [
      'with a key twice',
      'MESSAGE_MALFORMED/canonical-json',
      () => read(signed.replace('"sequence":7', '"sequence":7,"sequence":8')),
    ],
    [
      'with a key twice, the signed one last',
      'MESSAGE_MALFORMED/canonical-json',
      () => read(signed.replace('"sequence":7', '"sequence":8,"sequence":7')),
    ],
    [
      'with a signature twice',
      'MESSAGE_MALFORMED/canonical-json',
      () => read(signed.replace('"type"', '"signature":"x","type"')),
    ],
    ['with blanks', 'MESSAGE_MALFORMED/canonical-json', () => read(signed.replace(':7', ': 7'))],
    ['with a line end after it', 'MESSAGE_MALFORMED/canonical-json', () => read(`${signed}\n`)],
    [
      'with keys in another order',
      'MESSAGE_MALFORMED/canonical-json',
      () => read(JSON.stringify({ ...JSON.parse(signed), note: undefined, z: 1, a: 2 })),
    ],
    [
      'with an escape that is not needed',
      'MESSAGE_MALFORMED/canonical-json',
      () => read(signed.replace('é', '\\u00e9')),
    ],
    ['with a number written otherwise', 'MESSAGE_MALFORMED/canonical-json', () => read(signed.replace(':7', ':7.0'))],
    ['with a number beyond a double', 'MESSAGE_MALFORMED/json', () => read(signed.replace(':7', ':1e999'))],
    ['with a lone surrogate', 'MESSAGE_MALFORMED/json', () => read(signed.replace('é', '\\ud800'))],
    ['that is cut off', 'MESSAGE_MALFORMED/json', () => read(signed.slice(0, -1))],
    ['that is empty', 'MESSAGE_MALFORMED/json', () => read('')],
    ['that is no UTF-8', 'MESSAGE_MALFORMED/json', () => read(Buffer.concat([Buffer.from(signed), Buffer.of(0xff)]))],
    [
      'with a byte order mark',
      'MESSAGE_MALFORMED/json',
      () => read(Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(signed)])),
    ],
    ['that is a list', 'MESSAGE_MALFORMED/schema', () => read('[]')],
    ['that is null', 'MESSAGE_MALFORMED/schema', () => read('null')],
    ['of another type', 'MESSAGE_MALFORMED/type', () => read(signed, 'result')],
    ['of another version', 'MESSAGE_MALFORMED/type', () => read(signJson(key, { ...good, v: 2 as 1 }))],
    [
      'with a key that its schema does not know',
      'MESSAGE_MALFORMED/schema',
      () => read(signJson(key, { ...good, more: 1 })),
    ],
    [
      'with __proto__ for a key',
      'MESSAGE_MALFORMED/schema',
      () => read(signJson(key, JSON.parse('{"__proto__":{"note":"x"},"note":"","sequence":7,"type":"tariff","v":1}'))),
    ],
    [
      'that nests a hundred thousand deep',
      'MESSAGE_MALFORMED/json',
      () => read('['.repeat(100_000) + ']'.repeat(100_000)),
    ],
    ['of 10 MB', 'MESSAGE_TOO_LARGE/too-large', () => read('x'.repeat(10_000_000))],
  ];
  it.each(cases)('%s is refused', (_, refusal, work) => {
    expect(refusalOf(work)).toBe(refusal);
  });

  it('does not take the value of __proto__ for its own', () => {
    expect(Object.hasOwn(Object.prototype, 'note')).toBe(false);
    expect(({} as { note?: string }).note).toBeUndefined();
  });
});
