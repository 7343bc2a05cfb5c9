/**
 * Ends a connection whose peer sends a packet larger than any message: the MQTT client would gather it all in memory.
 * Follows the fixed headers only (MQTT 3.1.1 section 2.2).
 */
import type { Socket } from 'node:net';

/** Call before anything else reads from the socket. */
export function guardPackets(socket: Socket, longestPacket: number): void {
  const follow = packetFollower(longestPacket);
  socket.on('data', (chunk: Uint8Array) => {
    const bytes = follow(chunk);
    if (bytes === undefined) return;
    socket.destroy(new Error(`the broker sent a packet of ${bytes} bytes, more than ${longestPacket}`));
  });
}

/** @returns a function that takes the bytes as they come, and returns the length of a packet that is too long */
export function packetFollower(longestPacket: number): (chunk: Uint8Array) => number | undefined {
  // 'type' expects a packet's first byte, 'length' a byte of its remaining length, 'body' skips.
  let at: 'type' | 'length' | 'body' = 'type';
  let length = 0;
  let lengthBytes = 0;
  return (chunk) => {
    for (let next = 0; next < chunk.length; ) {
      if (at === 'body') {
        const skipped = Math.min(length, chunk.length - next);
        next += skipped;
        length -= skipped;
        if (length === 0) at = 'type';
        continue;
      }
      const byte = chunk[next] ?? 0;
      next += 1;
      if (at === 'type') {
        at = 'length';
        length = 0;
        lengthBytes = 0;
        continue;
      }
      length += (byte & 0x7f) * 128 ** lengthBytes;
      lengthBytes += 1;
      if (length > longestPacket) return length;
      if ((byte & 0x80) === 0 || lengthBytes === 4) at = length === 0 ? 'type' : 'body';
    }
    return undefined;
  };
}
