import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packetFollower } from '../../agent/packet-guard.ts';

/** A packet of MQTT 3.1.1 with this many bytes after its fixed header. */
function packet(length: number): Buffer {
  const bytes: number[] = [0x30];
  for (let left = length; ; ) {
    const digit = left % 128;
    left = Math.floor(left / 128);
    bytes.push(left > 0 ? digit | 0x80 : digit);
    if (left === 0) break;
  }
  return Buffer.concat([Buffer.from(bytes), Buffer.alloc(length, 0xff)]);
}

describe('following the packets of a connection', () => {
  const packets = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 10 });
  const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 });

  test('lets packets up to the limit pass, however they are cut', () => {
    fc.assert(
      fc.property(packets, cuts, (lengths, sizes) => {
        expect(feed(Buffer.concat(lengths.map(packet)), sizes, Math.max(...lengths))).toBeUndefined();
      }),
    );
  });

  test('finds the first longer one, however they are cut', () => {
    fc.assert(
      fc.property(packets, cuts, (lengths, sizes) => {
        const bytes = Buffer.concat([...lengths.map(packet), packet(1001), packet(3)]);
        expect(feed(bytes, sizes, 1000)).toBe(1001);
      }),
    );
  });

  test('needs no more than the header to find it', () => {
    expect(packetFollower(4_000_000)(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]))).toBe(268_435_455);
  });
});

function feed(bytes: Buffer, sizes: readonly number[], limit: number): number | undefined {
  const follow = packetFollower(limit);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    const found = follow(bytes.subarray(at, at + size));
    if (found !== undefined) return found;
    at += size;
  }
  return undefined;
}
