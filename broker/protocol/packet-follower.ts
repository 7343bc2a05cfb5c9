/**
 * Follows a stream of MQTT packets by their fixed headers (MQTT 3.1.1, 2.2), to find one that is too long before its
 * body is gathered in memory. Pure.
 */

/** Takes the bytes as they come, however they are cut. @returns what is wrong, from then on each time */
export type PacketFollower = (chunk: Uint8Array) => string | undefined;

/** [MQTT-2.2.3] */
const mostLengthBytes = 4;

/** @param longest bytes a packet may have after its fixed header; asked anew for each packet */
export function packetFollower(longest: (first: boolean) => number): PacketFollower {
  // 'type' expects a packet's first byte, 'length' a byte of its remaining length, 'body' skips.
  let at: 'type' | 'length' | 'body' = 'type';
  let length = 0;
  let lengthBytes = 0;
  let isFirst = true;
  let wrong: string | undefined;

  const takeLength = (byte: number): string | undefined => {
    length += (byte & 0x7f) * 128 ** lengthBytes;
    lengthBytes += 1;
    const limit = longest(isFirst);
    // As soon as it is known, not only when the last length byte is there.
    if (length > limit) return `a packet of ${length} bytes or more, over ${limit}`;
    if ((byte & 0x80) !== 0) {
      return lengthBytes < mostLengthBytes ? undefined : 'a packet whose length takes more than four bytes';
    }
    at = length === 0 ? 'type' : 'body';
    isFirst = false;
    return undefined;
  };

  return (chunk) => {
    for (let next = 0; next < chunk.length && wrong === undefined; ) {
      if (at === 'body') {
        const skipped = Math.min(length, chunk.length - next);
        next += skipped;
        length -= skipped;
        if (length === 0) at = 'type';
        continue;
      }
      const byte = chunk[next] ?? 0;
      next += 1;
      if (at === 'length') wrong = takeLength(byte);
      else [at, length, lengthBytes] = ['length', 0, 0];
    }
    return wrong;
  };
}
