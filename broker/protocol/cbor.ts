/**
 * Deterministic CBOR (RFC 8949 section 4.2.1), the few types of protocol.cddl only.
 * Knows nothing of messages.
 */
import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { ProtocolError } from './errors.ts';

export type CborValue =
  | number
  | string
  | boolean
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue };

/** The largest message of any kind: a roster of 2,500 homes. */
export const longestMessage = 4 * 1024 * 1024;

const decodeOptions = {
  strict: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
};

export function encodeCbor(value: CborValue): Uint8Array {
  return encode(value, rfc8949EncodeOptions);
}

/**
 * @param name what the bytes are, for the error
 * @throws {ProtocolError} MESSAGE_TOO_LARGE, MESSAGE_NOT_CANONICAL
 */
export function decodeCbor(bytes: Uint8Array, name: string): unknown {
  if (bytes.length > longestMessage) {
    throw new ProtocolError('MESSAGE_TOO_LARGE', {
      message: name,
      bytes: bytes.length,
      limit: longestMessage,
      reason: 'too-large',
    });
  }
  let value: unknown;
  try {
    value = decode(bytes, decodeOptions);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'undecodable';
    throw new ProtocolError('MESSAGE_NOT_CANONICAL', { message: name, why, reason: 'not-canonical' });
  }
  return value;
}

/** Encoding again has to give the same bytes: what cborg lets through (floats, bad UTF-8) ends here. */
export function assertCanonical(bytes: Uint8Array, value: CborValue, name: string): void {
  if (Buffer.compare(bytes, encodeCbor(value)) !== 0) {
    throw new ProtocolError('MESSAGE_NOT_CANONICAL', {
      message: name,
      why: 'encoding it again gives other bytes',
      reason: 'not-canonical',
    });
  }
}
