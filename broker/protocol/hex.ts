/**
 * Byte strings as text, and compared.
 */
import { ProtocolError } from './errors.ts';

/** Lower-case hex, as in topics and JSON. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/**
 * @param text lower-case hex, two digits a byte
 * @throws {ProtocolError} MESSAGE_MALFORMED
 */
export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) {
    throw new ProtocolError('MESSAGE_MALFORMED', { message: 'hex text', why: 'not lower-case hex', reason: 'hex' });
  }
  return Buffer.from(text, 'hex');
}

/** Whether two byte strings are equal. Not for secrets: it takes as long as they agree. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
