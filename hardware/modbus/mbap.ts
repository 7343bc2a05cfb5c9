/**
 * The frames of Modbus TCP (Modbus messaging on TCP/IP 1.0b, 3.1.3): a header with the number of the question instead
 * of a check. To the codec they look like RTU frames. Pure.
 */

import { withCrc } from './crc16.ts';

const headerBytes = 6;
const longest = 254;

/** @param frame of RTU, with its check */
export function toMbap(frame: Uint8Array, number: number): Buffer {
  const body = frame.subarray(0, -2);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(number, 0);
  header.writeUInt16BE(body.length, 4);
  return Buffer.concat([header, body]);
}

/**
 * @param request the RTU frame that was asked with this number
 * @returns the answer as an RTU frame; undefined while there is none
 */
export function findMbapAnswer(request: Uint8Array, number: number, received: Buffer): Buffer | undefined {
  let at = 0;
  while (received.length - at >= headerBytes + 2) {
    const length = received.readUInt16BE(at + 4);
    // What is no header is stepped over: the other side may have begun before us.
    if (received.readUInt16BE(at + 2) !== 0 || length < 2 || length > longest) {
      at++;
      continue;
    }
    const end = at + headerBytes + length;
    if (end > received.length) return undefined;
    const body = received.subarray(at + headerBytes, end);
    // Another number is an answer that came too late, another unit one that nobody here asked for.
    if (received.readUInt16BE(at) === number && body[0] === request[0] && answers(request, body)) return withCrc(body);
    at = end;
  }
  return undefined;
}

function answers(request: Uint8Array, body: Uint8Array): boolean {
  const [, code = 0] = request;
  if (body[1] === (code | 0x80)) return body.length === 3;
  return body[1] === code;
}
