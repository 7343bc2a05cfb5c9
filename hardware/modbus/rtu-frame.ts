/**
 * Finding the answer to one request among the bytes of an RTU line. Pure.
 *
 * An answer names neither request nor register. What can be told is told: address, function, number of bytes, check.
 */

import { hasGoodCrc } from './crc16.ts';

export type Search =
  | {
      readonly found: 'answer';
      readonly frame: Uint8Array /** Bytes behind it, which nobody asked for. */;
      readonly rest: number;
    }
  /** A frame that begins as the answer does, but whose check is wrong. */
  | { readonly found: 'damaged'; readonly frame: Uint8Array }
  | { readonly found: 'nothing' };

const exceptionLength = 5;

/**
 * @param request the whole frame as sent
 * @param echoes whether it is known that the line repeats what is sent on it
 */
export function findAnswer(request: Uint8Array, received: Uint8Array, echoes = false): Search {
  const bytes = received.subarray(echoLength(request, received, echoes));
  for (let start = 0; start + exceptionLength <= bytes.length; start++) {
    const end = start + lengthAt(request, bytes, start);
    if (end === start || end > bytes.length) continue;
    const frame = bytes.subarray(start, end);
    if (hasGoodCrc(frame)) return { found: 'answer', frame, rest: bytes.length - end };
    if (start === 0) return { found: 'damaged', frame };
  }
  return { found: 'nothing' };
}

/** @returns bytes of the whole answer, for the functions that read or write coils and registers; 0 for others */
export function answerLength(request: Uint8Array): number {
  const count = ((request[4] ?? 0) << 8) | (request[5] ?? 0);
  switch (request[1]) {
    case 1:
    case 2:
      return 3 + Math.ceil(count / 8) + 2;
    case 3:
    case 4:
      return 3 + 2 * count + 2;
    case 5:
    case 6:
    case 15:
    case 16:
      return 8;
    default:
      return 0;
  }
}

/** @returns the length of the frame that begins at `start`, or 0 if no answer to `request` begins so */
function lengthAt(request: Uint8Array, bytes: Uint8Array, start: number): number {
  const [address, code = 0] = request;
  if (bytes[start] !== address) return 0;
  if (bytes[start + 1] === (code | 0x80)) return exceptionLength;
  if (bytes[start + 1] !== code) return 0;
  const length = answerLength(request);
  return reads(request) && bytes[start + 2] !== length - 5 ? 0 : length;
}

/** Whether what came begins as the answer does. */
export function beginsAsAnswer(request: Uint8Array, received: Uint8Array): boolean {
  return lengthAt(request, received, 0) > 0;
}

/**
 * Some adapters hear themselves. The echo of a read is no answer to it, whatever its bytes are; the echo of a write
 * looks like its answer, and is told from it only where the line is known to echo.
 */
export function echoLength(request: Uint8Array, received: Uint8Array, echoes: boolean): number {
  if (!(reads(request) || echoes) || received.length < request.length) return 0;
  return request.every((byte, index) => received[index] === byte) ? request.length : 0;
}

function reads(request: Uint8Array): boolean {
  return (request[1] ?? 0) <= 4;
}
