import { describe, expect, it } from 'vitest';
import {
  agreementFromPrivate,
  assertAgreementKey,
  generateAgreement,
  pairKeysOf,
} from '../../../broker/protocol/agreement.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { refusalOf } from './refusal.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('agreement keys', () => {
  it('agree on one secret from both sides, and each with itself', () => {
    const one = generateAgreement();
    const other = generateAgreement();
    expect(toHex(one.with(other.publicKey))).toBe(toHex(other.with(one.publicKey)));
    expect(one.with(one.publicKey)).toHaveLength(32);
    expect(toHex(one.with(one.publicKey))).not.toBe(toHex(one.with(other.publicKey)));
  });

  it('come back from their private bytes', () => {
    const one = generateAgreement();
    expect(toHex(agreementFromPrivate(one.exportPrivate()).publicKey)).toBe(toHex(one.publicKey));
    expect(() => agreementFromPrivate(new Uint8Array(31))).toThrow(RangeError);
  });

  it('stand in the order of the roster', () => {
    const own = generateAgreement();
    const homes = Array.from({ length: 4 }, () => ({ agreement: generateAgreement().publicKey }));
    expect(pairKeysOf(own, { homes }).map(toHex)).toEqual(homes.map((home) => toHex(own.with(home.agreement))));
  });

  const refused: readonly [string, string, string][] = [
    ['0', '00'.repeat(32), 'KEY_REFUSED/low-order'],
    ['1', `01${'00'.repeat(31)}`, 'KEY_REFUSED/low-order'],
    ['a point of order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'KEY_REFUSED/low-order'],
    [
      'the other of order 8',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      'KEY_REFUSED/low-order',
    ],
    ['p - 1', `ec${'ff'.repeat(30)}7f`, 'KEY_REFUSED/low-order'],
    ['p', `ed${'ff'.repeat(30)}7f`, 'KEY_REFUSED/not-canonical-key'],
    ['p + 1', `ee${'ff'.repeat(30)}7f`, 'KEY_REFUSED/not-canonical-key'],
    ['p + 18, the last below 2^255', `ff${'ff'.repeat(30)}7f`, 'KEY_REFUSED/not-canonical-key'],
    ['0 with bit 255', `${'00'.repeat(31)}80`, 'KEY_REFUSED/not-canonical-key'],
    ['9 with bit 255', `09${'00'.repeat(30)}80`, 'KEY_REFUSED/not-canonical-key'],
    ['all ones', 'ff'.repeat(32), 'KEY_REFUSED/not-canonical-key'],
  ];
  it.each(refused)('%s is refused', (_, key, refusal) => {
    expect(refusalOf(() => assertAgreementKey(hex(key), 'bob'))).toBe(refusal);
  });

  it.each([
    ['the base point', `09${'00'.repeat(31)}`],
    ['p - 2', `eb${'ff'.repeat(30)}7f`],
    ['what has ed below and less above', `ed${'ff'.repeat(29)}fe7f`],
    ['2', `02${'00'.repeat(31)}`],
  ])('%s is taken', (_, key) => {
    expect(refusalOf(() => assertAgreementKey(hex(key), 'bob'))).toBe('accepted');
  });

  it('do not agree with a key of low order even where nobody checked it', () => {
    expect(refusalOf(() => generateAgreement().with(new Uint8Array(32)))).toBe('KEY_REFUSED/low-order');
  });
});
