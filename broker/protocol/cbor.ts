/**
 * Deterministic CBOR (RFC 8949 section 4.2.1), the few types of protocol.cddl only.
 * Knows nothing of messages.
 */
import { decode, encode, encodeInto } from 'cborg';
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

/** More items than any message has; a catalogue of 256 tensors comes to 11,000, a roster of 2,500 homes to 12,500. */
const mostItems = 16_384;

const decodeOptions = {
  strict: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
};

/**
 * Keys are text, and for text cborg's own order of keys, shorter first, is that of the RFC. Its order that goes by the
 * RFC's words encodes each key by itself to compare it.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  return encode(value);
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
  assertFewItems(bytes, name);
  let value: unknown;
  try {
    value = decode(bytes, decodeOptions);
  } catch (error) {
    // The decoder's text may quote a key, which is as long as the sender likes.
    const why = error instanceof Error ? error.message.slice(0, 100) : 'undecodable';
    throw new ProtocolError('MESSAGE_NOT_CANONICAL', { message: name, why, reason: 'not-canonical' });
  }
  return value;
}

/** Encoding again has to give the same bytes: what cborg lets through (floats, bad UTF-8) ends here. */
export function assertCanonical(bytes: Uint8Array, value: CborValue, name: string): void {
  if (!encodesTo(value, bytes)) {
    throw new ProtocolError('MESSAGE_NOT_CANONICAL', {
      message: name,
      why: 'encoding it again gives other bytes',
      reason: 'not-canonical',
    });
  }
}

/** Written over by each message: a thousand reports encoded again would leave forty megabytes to the collector. */
let scratch = new Uint8Array(64 * 1024);

function encodesTo(value: CborValue, bytes: Uint8Array): boolean {
  if (scratch.length < bytes.length) scratch = new Uint8Array(bytes.length);
  const room = scratch.subarray(0, bytes.length);
  try {
    const { written } = encodeInto(value, room);
    return written === bytes.length && Buffer.compare(room, bytes) === 0;
  } catch (error) {
    // It takes more room than the bytes there are.
    if (error instanceof Error && error.message.startsWith('write out of bounds')) return false;
    throw error;
  }
}

/**
 * Walks the headers alone. Four megabytes of empty maps take the decoder over a second, counting them a millisecond;
 * what is not well-formed is left to the decoder.
 */
function assertFewItems(bytes: Uint8Array, name: string): void {
  let at = 0;
  for (let items = 0; at < bytes.length; items++) {
    if (items >= mostItems) {
      const why = `more than ${mostItems} items`;
      throw new ProtocolError('MESSAGE_MALFORMED', { message: name, why, reason: 'too-many-items' });
    }
    const initial = bytes[at] as number;
    const info = initial & 0x1f;
    const lengthBytes = info < 24 || info > 27 ? 0 : 1 << (info - 24);
    let length = lengthBytes === 0 ? info : 0;
    for (let k = 1; k <= lengthBytes; k++) length = length * 256 + (bytes[at + k] ?? 0);
    const isString = initial >> 5 === 2 || initial >> 5 === 3;
    at += 1 + lengthBytes + (isString ? length : 0);
  }
}
