/**
 * X25519 agreement keys: the secret that each pair of homes shares, and which public keys are refused.
 */
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { ProtocolError } from './errors.ts';
import { sameBytes } from './hex.ts';
import { rawPublicKey } from './signing.ts';

export interface AgreementSecret {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. For a file of mode 0600, never for the database or a backup. */
  exportPrivate(): Uint8Array;
  /**
   * K_ij, the same from both sides; with its own public key K_ii.
   * @throws {ProtocolError} KEY_REFUSED for a key of low order
   */
  with(otherPublicKey: Uint8Array): Uint8Array;
}

/** K with every home of a roster, index i - 1. Held in memory only. */
export type PairKeys = readonly Uint8Array[];

export function generateAgreement(): AgreementSecret {
  return secretOf(generateKeyPairSync('x25519').privateKey);
}

/** @param bytes what `exportPrivate` gave */
export function agreementFromPrivate(bytes: Uint8Array): AgreementSecret {
  if (bytes.length !== 32) throw new RangeError(`an X25519 private key has 32 bytes, not ${bytes.length}`);
  const der = Buffer.concat([pkcs8X25519, bytes]);
  return secretOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

/** One agreement per home: 41 ms for 1000, so once per roster. */
export function pairKeysOf(
  secret: AgreementSecret,
  roster: { readonly homes: readonly { readonly agreement: Uint8Array }[] },
): PairKeys {
  return roster.homes.map((home) => secret.with(home.agreement));
}

/**
 * Two encodings of one key would pass for two homes, and a key of low order agrees on a secret that all know.
 * @param key 32 bytes, little-endian
 * @throws {ProtocolError} KEY_REFUSED
 */
export function assertAgreementKey(key: Uint8Array, home: string): void {
  if (!isBelowPrime(key)) {
    const why = 'it is not written canonically (below 2^255 - 19)';
    throw new ProtocolError('KEY_REFUSED', { home, why, reason: 'not-canonical-key' });
  }
  if (lowOrder.some((bad) => sameBytes(bad, key))) throw lowOrderRefused(home);
}

/** PrivateKeyInfo of RFC 8410 up to the key. */
const pkcs8X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** The points of order 1, 2, 4 and 8 in their canonical encodings: 0, 1, both of order 8, p - 1. */
const lowOrder = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((text) => Buffer.from(text, 'hex'));

/** Below p = 2^255 - 19, which is ed ff … ff 7f. */
function isBelowPrime(key: Uint8Array): boolean {
  const last = key[31] ?? 0xff;
  if (last !== 0x7f) return last < 0x7f;
  for (let at = 30; at > 0; at--) if (key[at] !== 0xff) return true;
  return (key[0] ?? 0xff) < 0xed;
}

function lowOrderRefused(home: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('KEY_REFUSED', { home, why: 'it is of low order', reason: 'low-order' }, options);
}

function secretOf(privateKey: KeyObject): AgreementSecret {
  return {
    publicKey: rawPublicKey(privateKey),
    exportPrivate: () => privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32),
    with(otherPublicKey) {
      try {
        return diffieHellman({ privateKey, publicKey: x25519PublicKey(otherPublicKey) });
      } catch (error) {
        // Import takes any 32 bytes; the agreement itself fails where the secret would be zero.
        throw lowOrderRefused('another home', { cause: error });
      }
    },
  };
}

/** @param bytes 32 bytes. As JWK: importing DER takes 13 times as long. */
function x25519PublicKey(bytes: Uint8Array): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(bytes).toString('base64url') },
    format: 'jwk',
  });
}
