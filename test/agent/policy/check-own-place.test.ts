import { expect, test } from 'vitest';
import { type OwnKeys, ownPlace } from '../../../agent/policy/check-own-place.ts';
import { sameBytes } from '../../../broker/protocol/hex.ts';
import { generateSigningKey } from '../../../broker/protocol/signing.ts';
import { makeCohort } from '../../broker/protocol/made-cohort.ts';
import { codeOf } from './code-of.ts';

const { roster, homes } = makeCohort(4);
const second = homes[1];
if (second === undefined) throw new Error('a cohort of four has a second home');
const own: OwnKeys = {
  home: second.id,
  identity: second.identity.publicKey,
  agreement: (sequence, publicKey) =>
    sequence === 1 && sameBytes(publicKey, second.secret.publicKey) ? { sequence, secret: second.secret } : undefined,
};

test('a home finds its place', () => {
  expect(ownPlace(roster, own, 4)).toMatchObject({ index: 2, key: { sequence: 1 } });
});

const cases: [code: string, own: OwnKeys, mostHomes: number][] = [
  ['ROSTER_TOO_LARGE', own, 3],
  ['ROSTER_WITHOUT_HOME', { ...own, home: 'elsewhere' }, 4],
  ['ROSTER_OTHER_KEY', { ...own, identity: generateSigningKey().publicKey }, 4],
  ['ROSTER_OTHER_KEY', { ...own, agreement: () => undefined }, 4],
];

test.each(cases)('refuses with %s', (code, keys, mostHomes) => {
  expect(codeOf(() => ownPlace(roster, keys, mostHomes))).toBe(code);
});
