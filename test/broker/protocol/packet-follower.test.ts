import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packetFollower } from '../../../broker/protocol/packet-follower.ts';

/** A packet of MQTT 3.1.1 with this many bytes after its fixed header. */
const packet = (type: number, body: number): Buffer => {
  const length: number[] = [];
  for (let rest = body; ; ) {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    length.push(rest > 0 ? byte | 128 : byte);
    if (rest === 0) break;
  }
  return Buffer.concat([Buffer.from([type << 4, ...length]), Buffer.alloc(body, 0xff)]);
};
const longest = (first: boolean) => (first ? 100 : 1000);

describe('following the packets of a connection', () => {
  test.each<[string, Buffer[], string | undefined]>([
    ['a first packet of just the limit', [packet(1, 100)], undefined],
    ['a first packet one byte over', [packet(1, 101)], 'a packet of 101 bytes or more, over 100'],
    ['a later packet of just the limit', [packet(1, 10), packet(3, 1000)], undefined],
    ['a later packet one byte over', [packet(1, 10), packet(3, 1001)], 'a packet of 1001 bytes or more, over 1000'],
    ['packets without a body', [packet(1, 10), packet(12, 0), packet(12, 0), packet(3, 7)], undefined],
    [
      'only the header of 20 MB',
      [packet(1, 10), Buffer.from([0x30, 0x80, 0x80, 0x80, 0x0a])],
      'a packet of 20971520 bytes or more, over 1000',
    ],
    [
      'a length of five bytes',
      [packet(1, 10), Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01])],
      'a packet whose length takes more than four bytes',
    ],
  ])('%s', (_, packets, wrong) => {
    const follow = packetFollower(longest);
    expect(follow(Buffer.concat(packets))).toBe(wrong);
    expect(follow(packet(12, 0))).toBe(wrong);
  });

  test('judges alike however the stream is cut', () => {
    const body = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 1200 }));
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(200)), (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map((size, i) => packet(i === 0 ? 1 : 3, size)));
        const whole = packetFollower(longest)(stream);
        expect(whole === undefined).toBe(bodies.every((size, i) => size <= longest(i === 0)));
        const follow = packetFollower(longest);
        let at = 0;
        for (const cut of cuts) {
          follow(stream.subarray(at, at + cut));
          at += cut;
        }
        expect(follow(stream.subarray(at))).toBe(whole);
      }),
    );
  });
});
