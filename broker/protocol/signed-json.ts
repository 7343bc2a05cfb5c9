/**
 * Signed JSON: `{ v: 1, type, …, signature }`, sent in its canonical form (RFC 8785).
 * The signature covers the same prefix as that of a CBOR message and the canonical form without `signature`.
 */
import canonicalize from 'canonicalize';
import type * as z from 'zod';
import { ProtocolError } from './errors.ts';
import { assertSignature, type SigningKey, signedBytes } from './signing.ts';

/** The longest text of any kind: a result of 4,096 integers takes a fifth of it. */
export const longestJson = 1024 * 1024;

/** @returns the text as sent, signature included */
export function signJson<T extends { v: 1; type: string }>(key: SigningKey, object: T): string {
  const { signature: _, ...unsigned } = { signature: undefined, ...object };
  const covered = signedBytes(object.type, Buffer.from(canonicalJson(unsigned)));
  return canonicalJson({ ...unsigned, signature: Buffer.from(key.sign(covered)).toString('base64url') });
}

/**
 * @param schema of the whole object, `signature` included
 * @param signer who should have signed, for the error
 * @throws {ProtocolError} MESSAGE_TOO_LARGE, MESSAGE_MALFORMED, SIGNATURE_INVALID
 */
export function readSignedJson<S>(
  schema: z.ZodType<S>,
  type: string,
  publicKey: Uint8Array,
  text: string | Uint8Array,
  signer: string,
): S {
  const { signature, ...unsigned } = parseCanonical(text, type);
  if (unsigned.v !== 1 || unsigned.type !== type) throw malformed(type, 'another version or type', 'type');
  const bytes = signatureBytes(signature);
  if (bytes === undefined) throw new ProtocolError('SIGNATURE_INVALID', { message: type, signer, reason: 'signature' });
  assertSignature(type, publicKey, Buffer.from(canonicalJson(unsigned)), bytes, signer);
  const read = schema.safeParse({ ...unsigned, signature });
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw malformed(type, `${issue?.code ?? 'invalid'} at ${issue?.path.map(String).join('.') ?? ''}`, 'schema');
}

/** RFC 8785. @throws {TypeError} for what JSON cannot say: NaN, infinities, lone surrogates, circles */
export function canonicalJson(object: object): string {
  const text = canonicalize(object);
  if (text === undefined) throw new TypeError('nothing to write as JSON');
  return text;
}

function parseCanonical(received: string | Uint8Array, type: string): Record<string, unknown> {
  if (received.length > longestJson) {
    throw new ProtocolError('MESSAGE_TOO_LARGE', {
      message: type,
      bytes: received.length,
      limit: longestJson,
      reason: 'too-large',
    });
  }
  const text = typeof received === 'string' ? received : utf8(received, type);
  let value: unknown;
  let canonical: string | undefined;
  try {
    value = JSON.parse(text);
    canonical = canonicalize(value);
  } catch {
    // Whatever cannot be read or written again: no JSON, numbers beyond a double, lone surrogates, nested too deep.
    throw malformed(type, 'not JSON', 'json');
  }
  // A key given twice is lost in parsing, so the text that comes back is another one.
  if (canonical !== text) throw malformed(type, 'not in its canonical form (RFC 8785)', 'canonical-json');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(type, 'no object', 'schema');
  return value as Record<string, unknown>;
}

function utf8(bytes: Uint8Array, type: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed(type, 'not UTF-8', 'json');
  }
}

/** 64 bytes in base64url without padding, in the one spelling that encoding gives. */
function signatureBytes(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === 64 && bytes.toString('base64url') === text ? bytes : undefined;
}

function malformed(message: string, why: string, reason: string): ProtocolError {
  return new ProtocolError('MESSAGE_MALFORMED', { message, why, reason });
}
