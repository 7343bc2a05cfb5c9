/**
 * The check of a Modbus RTU frame (Modbus over serial line 1.02, 6.2.2): polynomial 0xA001, start 0xFFFF, low byte first.
 */

export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

/** @returns `body` with its check behind it */
export function withCrc(body: Uint8Array): Buffer {
  const frame = Buffer.alloc(body.length + 2);
  frame.set(body);
  frame.writeUInt16LE(crc16(body), body.length);
  return frame;
}

export function hasGoodCrc(frame: Uint8Array): boolean {
  const crc = crc16(frame.subarray(0, -2));
  return frame.length > 2 && frame.at(-2) === (crc & 0xff) && frame.at(-1) === crc >>> 8;
}
