/**
 * Ed25519 keys, and CBOR messages signed with them: `[payload, signature]`.
 * The signature covers "wattveil/1/", the type, a zero byte and the payload.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signWith,
  verify as verifyWith,
} from 'node:crypto';
import { dropOldest } from './drop-oldest.ts';
import { ProtocolError } from './errors.ts';
import { decodeSigned, encodeSigned, type Message } from './message.ts';

export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
  /** For a file of mode 0600, nothing else. */
  exportPkcs8Pem(): string;
}

export function generateSigningKey(): SigningKey {
  return signingKeyOf(generateKeyPairSync('ed25519').privateKey);
}

/** @param seed the private key of RFC 8032, 32 bytes */
export function signingKeyFromSeed(seed: Uint8Array): SigningKey {
  if (seed.length !== 32) throw new RangeError(`an Ed25519 seed has 32 bytes, not ${seed.length}`);
  const der = Buffer.concat([pkcs8Ed25519, seed]);
  return signingKeyOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

/** @param pem what `exportPkcs8Pem` gave */
export function signingKeyFromPem(pem: string): SigningKey {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the key in the PEM is not Ed25519');
  return signingKeyOf(key);
}

/** A message as sent: encoded, signed, both in one envelope. */
export function signMessage<Type extends string, Fields>(
  key: SigningKey,
  message: Message<Type, Fields>,
  fields: Omit<Fields, 'v' | 'type'>,
): Uint8Array {
  const payload = message.encode(fields);
  return encodeSigned({ payload, signature: key.sign(signedBytes(message.type, payload)) });
}

/**
 * The received bytes are verified before anything in them is looked at.
 * @param signer who should have signed, for the error
 * @returns the fields, and the payload exactly as received: what gets hashed
 * @throws {ProtocolError} SIGNATURE_INVALID, MESSAGE_TOO_LARGE, MESSAGE_NOT_CANONICAL, MESSAGE_MALFORMED
 */
export function openSigned<Type extends string, Fields>(
  message: Message<Type, Fields>,
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signer: string,
): { fields: Fields; payload: Uint8Array } {
  const { payload, signature } = decodeSigned(bytes, message.type);
  assertSignature(message.type, publicKey, payload, signature, signer);
  return { fields: message.decode(payload), payload };
}

/** What a signature covers; the type in front keeps one kind of message from passing for another. */
export function signedBytes(type: string, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`wattveil/1/${type}\0`), payload]);
}

/** @throws {ProtocolError} SIGNATURE_INVALID */
export function assertSignature(
  type: string,
  publicKey: Uint8Array,
  payload: Uint8Array,
  signature: Uint8Array,
  signer: string,
): void {
  if (verifyWith(null, signedBytes(type, payload), ed25519PublicKey(publicKey), signature)) return;
  throw new ProtocolError('SIGNATURE_INVALID', { message: type, signer, reason: 'signature' });
}

/** @param bytes 32 bytes. As JWK: importing DER takes 13 times as long. */
export function ed25519PublicKey(bytes: Uint8Array): KeyObject {
  const x = Buffer.from(bytes).toString('base64url');
  const key = imported.get(x) ?? createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  // At the end of the map, as the one used last.
  imported.delete(x);
  imported.set(x, key);
  dropOldest(imported, mostImported);
  return key;
}

/**
 * 32 bytes. As DER, never as JWK: where Node makes a JWK of a key that it generated, and collects garbage while it
 * does so, it waits for ever for a lock that it holds itself (20.20: one in some 30,000).
 */
export function rawPublicKey(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** One coordinator and one authority sign nearly all that is verified, and an import takes a fifth of a verification. */
const mostImported = 16;
const imported = new Map<string, KeyObject>();

/** PrivateKeyInfo of RFC 8410 up to the seed. */
const pkcs8Ed25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

function signingKeyOf(key: KeyObject): SigningKey {
  return {
    publicKey: rawPublicKey(key),
    sign: (bytes) => signWith(null, bytes, key),
    exportPkcs8Pem: () => key.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}
