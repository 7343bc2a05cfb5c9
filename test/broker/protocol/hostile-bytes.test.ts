/**
 * Bytes that mean harm: bombs, garbage, and good messages changed at random places.
 */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../broker/protocol/errors.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { Announce, Decline, Roster } from '../../../broker/protocol/messages.ts';
import { openSigned } from '../../../broker/protocol/signing.ts';
import { coordinator, type MessageSample, messageSamples, sealedSamples, signPayload } from './message-samples.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const repeated = (text: string, times: number) => Buffer.alloc((times * text.length) / 2, hex(text));

/** The most processor time a bomb may cost; four million empty maps would take the decoder over a second. */
const fewMs = 100;

describe('a bomb is refused before it costs anything', () => {
  const keys = Array.from({ length: 10_000 }, (_, at) =>
    Buffer.concat([Buffer.of(0x65), Buffer.from(String(10_000 + at)), Buffer.of(0)]),
  );
  const longKey = Buffer.concat([hex('7a000186a0'), Buffer.alloc(100_000, 0x61)]);
  const bombs: readonly [string, Uint8Array][] = [
    ['lists nested a million deep', repeated('81', 1_000_000)],
    ['lists nested ten thousand deep', Buffer.concat([repeated('81', 10_000), Buffer.of(0)])],
    ['maps nested a million deep', repeated('a16161', 1_000_000)],
    ['tags nested a million deep', repeated('c1', 1_000_000)],
    ['a list of 2^32 - 1', hex('9affffffff')],
    ['a list of 2^63', hex('9b8000000000000000')],
    ['a map of 2^32 - 1', hex('baffffffff')],
    ['a text of 4 GB', hex('7affffffff')],
    ['bytes of 4 GB', hex('5affffffff')],
    ['bytes of 2^63', hex('5b8000000000000000')],
    ['four million numbers', Buffer.concat([hex('9a003ffff0'), Buffer.alloc(0x3ffff0)])],
    ['four million empty maps', Buffer.concat([hex('9a003ffff0'), Buffer.alloc(0x3ffff0, 0xa0)])],
    ['ten thousand keys', Buffer.concat([hex('b92710'), ...keys])],
    ['a big number of 200 kB', Buffer.concat([hex('c25a00030d40'), Buffer.alloc(200_000, 0xff)])],
    ['10 MB of garbage', randomBytes(10_000_000)],
    ['4 MB of garbage', randomBytes(4_194_304)],
    ['4 MB of zeros', Buffer.alloc(4_194_304)],
    ['4 MB of text as a key', Buffer.concat([hex('a17a003ffff0'), Buffer.alloc(0x3ffff0, 0x61), Buffer.of(0)])],
    ['__proto__ as a key', hex('a1695f5f70726f746f5f5fa16176 02'.replace(' ', ''))],
    ['constructor as a key', hex('a16b636f6e7374727563746f7200')],
    ['a key twice', hex('a2617601617602')],
    ['a key of 100 kB twice', Buffer.concat([hex('a2'), longKey, Buffer.of(0), longKey, Buffer.of(1)])],
    ['not a number', hex('a16176f97e00')],
    ['infinity', hex('a16176f97c00')],
    ['undefined', hex('a16176f7')],
    ['null', hex('f6')],
    ['a break alone', hex('ff')],
    ['a list without an end', hex('9f0102ff')],
    ['a negative number below all doubles', hex('a161763bffffffffffffffff')],
    ['nothing', Buffer.alloc(0)],
  ];
  const wrapped: readonly [string, (bomb: Uint8Array) => unknown][] = [
    ['as a message', (bomb) => Decline.decode(bomb)],
    ['as a roster', (bomb) => Roster.decode(bomb)],
    ['as a signed message', (bomb) => openSigned(Announce, coordinator.publicKey, bomb, 'x')],
    ['inside a field', (bomb) => Decline.decode(Buffer.concat([hex('a461760165726f756e64'), bomb]))],
    ['well signed', (bomb) => openSigned(Roster, coordinator.publicKey, signPayload(coordinator, 'roster', bomb), 'x')],
  ];
  it.each(bombs)('%s', (_, bomb) => {
    for (const [how, read] of wrapped) {
      const costs = [1, 2, 3].map(() => {
        const before = process.cpuUsage();
        expect(
          outcomeOf(() => read(bomb)),
          how,
        ).toBe('refused');
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      });
      // Signing and verifying four megabytes takes its own time.
      const signatures = how === 'well signed' ? bomb.length / 20_000 : 0;
      // The least of three: collecting the garbage of others is not the bomb's doing.
      expect(Math.min(...costs), how).toBeLessThan(fewMs + signatures);
    }
    expect(Object.hasOwn(Object.prototype, 'v')).toBe(false);
  });
});

describe('a message with changes at random places is refused, or is another good one', () => {
  it.each(Object.keys(messageSamples))('%s', (name) => {
    const { good, again, read } = messageSamples[name] as MessageSample;
    expect(toHex(again(good))).toBe(toHex(good));
    expect(outcomeOf(() => read(good))).toBe('taken');
    fc.assert(
      fc.property(mutations(good), (bytes) => {
        const outcome = outcomeOf(() => expect(toHex(again(bytes))).toBe(toHex(bytes)));
        // What is no message of this kind is refused by the checks that look deeper, too.
        if (outcomeOf(() => read(bytes)) === 'taken') expect(outcome).toBe('taken');
      }),
      { numRuns: 2000 },
    );
  });

  it.each(Object.keys(sealedSamples))('%s: refused, or as it was', (name) => {
    const { good, read } = sealedSamples[name] as MessageSample;
    expect(outcomeOf(() => read(good))).toBe('taken');
    fc.assert(
      fc.property(mutations(good), (bytes) => {
        expect(outcomeOf(() => read(bytes))).toBe(Buffer.compare(bytes, good) === 0 ? 'taken' : 'refused');
      }),
      { numRuns: 2000 },
    );
  });

  it('bytes drawn at random are no message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const { read } of Object.values(messageSamples)) expect(outcomeOf(() => read(bytes))).toBe('refused');
      }),
      { numRuns: 500 },
    );
  });
});

/** @throws whatever is no ProtocolError, and refusals whose text is as long as the sender likes */
function outcomeOf(work: () => unknown): 'taken' | 'refused' {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    expect(error.message.length).toBeLessThan(300);
    return 'refused';
  }
  return 'taken';
}

/** Up to four changes: bits, bytes, pieces cut out, put in, doubled, the end cut off. */
function mutations(good: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat({ max: good.length - 1 });
  const piece = fc.uint8Array({ minLength: 1, maxLength: 9 });
  const change: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc.oneof(
    fc.tuple(place, fc.nat({ max: 7 })).map(
      ([at, bit]) =>
        (bytes: Uint8Array) =>
          replaced(bytes, at, [(bytes[at] ?? 0) ^ (1 << bit)], 1),
    ),
    fc.tuple(place, piece).map(
      ([at, put]) =>
        (bytes: Uint8Array) =>
          replaced(bytes, at, put, put.length),
    ),
    fc.tuple(place, piece).map(
      ([at, put]) =>
        (bytes: Uint8Array) =>
          replaced(bytes, at, put, 0),
    ),
    fc.tuple(place, fc.nat({ max: 40 })).map(
      ([at, length]) =>
        (bytes: Uint8Array) =>
          replaced(bytes, at, [], length),
    ),
    fc.tuple(place, fc.nat({ max: 40 })).map(
      ([at, length]) =>
        (bytes: Uint8Array) =>
          replaced(bytes, at, bytes.subarray(at, at + length), 0),
    ),
    place.map((at) => (bytes: Uint8Array) => bytes.subarray(0, at)),
  );
  return fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) => changes.reduce((bytes, one) => one(bytes), good));
}

function replaced(bytes: Uint8Array, at: number, put: Iterable<number>, length: number): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from([...put]), bytes.subarray(at + length)]);
}
