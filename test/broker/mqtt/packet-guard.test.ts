import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PacketFollower } from '../../../broker/mqtt/packet-guard.ts';

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
const limits = (first: boolean) => (first ? 100 : 1000);

describe('the packet guard', () => {
  test.each([
    ['a first packet of just the limit', [packet(1, 100)], true],
    ['a first packet one byte over', [packet(1, 101)], false],
    ['a later packet of just the limit', [packet(1, 10), packet(3, 1000)], true],
    ['a later packet one byte over', [packet(1, 10), packet(3, 1001)], false],
    ['packets without a body', [packet(1, 10), packet(12, 0), packet(12, 0), packet(3, 7)], true],
    ['only the header of 20 MB', [packet(1, 10), Buffer.from([0x30, 0x80, 0x80, 0x80, 0x0a])], false],
    ['a length of five bytes', [packet(1, 10), Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01])], false],
  ])('%s: %#', (_, packets, accepted) => {
    expect(new PacketFollower(limits).accepts(Buffer.concat(packets))).toBe(accepted);
  });

  test('judges alike however the stream is cut', () => {
    const body = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 1200 }));
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(200)), (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map((size, i) => packet(i === 0 ? 1 : 3, size)));
        const whole = new PacketFollower(limits).accepts(stream);
        expect(whole).toBe(bodies.every((size, i) => size <= limits(i === 0)));
        const follower = new PacketFollower(limits);
        let ok = true;
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          ok &&= follower.accepts(stream.subarray(at, at + cut));
          at += cut;
        }
        expect(ok).toBe(whole);
      }),
    );
  });
});
