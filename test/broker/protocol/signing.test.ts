import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../broker/protocol/hex.ts';
import { encodeSigned } from '../../../broker/protocol/message.ts';
import { AgreementKey, MemberList } from '../../../broker/protocol/messages.ts';
import {
  generateSigningKey,
  openSigned,
  signedBytes,
  signingKeyFromPem,
  signingKeyFromSeed,
  signMessage,
} from '../../../broker/protocol/signing.ts';
import { refusalOf } from './refusal.ts';

const key = generateSigningKey();
const fields = { home: 'bob', sequence: 7, key: Buffer.alloc(32, 5) };

describe('signing keys', () => {
  it('come back from their PEM with the same public key and signatures', () => {
    const again = signingKeyFromPem(key.exportPkcs8Pem());
    expect(toHex(again.publicKey)).toBe(toHex(key.publicKey));
    expect(toHex(again.sign(Buffer.from('x')))).toBe(toHex(key.sign(Buffer.from('x'))));
  });

  it('follow RFC 8032: the public key of its first test', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const key = signingKeyFromSeed(seed);
    expect(toHex(key.publicKey)).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    expect(toHex(key.sign(new Uint8Array())).slice(0, 32)).toBe('e5564300c360ac729086e2cc806e828a');
  });

  it('are not made of anything else', () => {
    expect(() => signingKeyFromSeed(new Uint8Array(31))).toThrow(RangeError);
    expect(() => signingKeyFromPem('no PEM')).toThrow();
  });
});

describe('a signed message', () => {
  const signed = signMessage(key, AgreementKey, fields);

  it('opens to the same fields', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (sequence, bytes) => {
        const message = signMessage(key, AgreementKey, { home: 'bob', sequence, key: bytes });
        const opened = openSigned(AgreementKey, key.publicKey, message, 'bob');
        expect(opened.fields).toMatchObject({ v: 1, type: 'agreement-key', home: 'bob', sequence });
        expect(toHex(opened.fields.key)).toBe(toHex(bytes));
      }),
      { numRuns: 50 },
    );
  });

  const payload = AgreementKey.encode(fields);
  const cases: readonly [string, string, () => unknown][] = [
    [
      'by another key',
      'SIGNATURE_INVALID/signature',
      () => openSigned(AgreementKey, generateSigningKey().publicKey, signed, 'bob'),
    ],
    ['without the prefix', 'SIGNATURE_INVALID/signature', () => openWith(payload, key.sign(payload))],
    [
      'as another type',
      'SIGNATURE_INVALID/signature',
      () => openWith(payload, key.sign(signedBytes('member-list', payload))),
    ],
    ['with zeros for a signature', 'SIGNATURE_INVALID/signature', () => openWith(payload, new Uint8Array(64))],
    ['with a short signature', 'MESSAGE_MALFORMED/schema', () => openWith(payload, new Uint8Array(63))],
    [
      'that is a message of another type',
      'MESSAGE_MALFORMED/schema',
      () => {
        const list = MemberList.encode({ cohort: 'oak', epoch: 1, homes: ['a', 'b', 'c'] });
        return openWith(list, key.sign(signedBytes('agreement-key', list)));
      },
    ],
    [
      'with a byte after it',
      'MESSAGE_NOT_CANONICAL/not-canonical',
      () => openSigned(AgreementKey, key.publicKey, Buffer.concat([signed, Buffer.of(0)]), 'bob'),
    ],
  ];
  it.each(cases)('%s is refused', (_, refusal, work) => {
    expect(refusalOf(work)).toBe(refusal);
  });
});

function openWith(payload: Uint8Array, signature: Uint8Array): unknown {
  return openSigned(AgreementKey, key.publicKey, encodeSigned({ payload, signature }), 'bob');
}
