import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc16, hasGoodCrc, withCrc } from '../../../hardware/modbus/crc16.ts';
import { answerLength, findAnswer } from '../../../hardware/modbus/rtu-frame.ts';

// Request and answer for "volts" as printed in Eastron's SDM120M protocol V2.5, 2.1.
const request = Buffer.from('01040000000271cb', 'hex');
const answer = Buffer.from('01040443663334' + '1b38', 'hex');
const exception = withCrc(Buffer.of(1, 0x84, 2));
const otherRegisters = withCrc(Buffer.of(1, 4, 2, 0, 7));
const otherDevice = withCrc(Buffer.of(2, 4, 4, 0, 0, 0, 0));
const otherFunction = withCrc(Buffer.of(1, 3, 4, 0, 0, 0, 0));
const broken = Buffer.from([...answer.subarray(0, -1), 0]);

test('the check of the makers own frames is right', () => {
  expect(hasGoodCrc(request)).toBe(true);
  expect(hasGoodCrc(answer)).toBe(true);
  expect(hasGoodCrc(broken)).toBe(false);
  expect(crc16(Buffer.from('123456789'))).toBe(0x4b37);
});

test.each<[string, Buffer[], 'answer' | 'damaged' | 'nothing', Buffer?, number?]>([
  ['the answer alone', [answer], 'answer', answer, 0],
  ['an exception', [exception], 'answer', exception, 0],
  ['noise before it', [Buffer.of(0, 0xff), answer], 'answer', answer, 0],
  ['its own echo before it', [request, answer], 'answer', answer, 0],
  ['a second one behind it', [answer, answer], 'answer', answer, answer.length],
  ['an answer that bears other registers before it', [otherRegisters, answer], 'answer', answer, 0],
  ['an answer of another device before it', [otherDevice, answer], 'answer', answer, 0],
  ['half of it', [answer.subarray(0, 5)], 'nothing'],
  ['all of it but one byte', [answer.subarray(0, -1)], 'nothing'],
  ['its echo alone', [request], 'nothing'],
  ['an answer with other registers', [otherRegisters], 'nothing'],
  ['an answer of another device', [otherDevice], 'nothing'],
  ['an answer to another function', [otherFunction], 'nothing'],
  ['one whose check is wrong', [broken], 'damaged', broken],
  ['an echo and one whose check is wrong', [request, broken], 'damaged', broken],
  ['nothing', [], 'nothing'],
])('%s: %#', (_, pieces, found, frame, rest) => {
  const search = findAnswer(request, Buffer.concat(pieces));
  expect(search.found).toBe(found);
  if (frame) expect(search).toMatchObject({ frame: Buffer.from(frame) });
  if (rest !== undefined) expect(search).toMatchObject({ rest });
});

test('whatever comes before it, the answer is found as soon as its last byte is there, and only then', () => {
  fc.assert(
    // An address of its own: bytes that begin like the answer hide it, and are asked for anew.
    fc.property(fc.uint8Array({ maxLength: 40, min: 2 }), (noise) => {
      const bytes = Buffer.concat([noise, answer]);
      expect(findAnswer(request, bytes.subarray(0, -1)).found).toBe('nothing');
      expect(findAnswer(request, bytes)).toMatchObject({ found: 'answer', rest: 0 });
    }),
  );
});

test.each([
  [1, 10, 7],
  [2, 8, 6],
  [3, 2, 9],
  [4, 14, 33],
  [5, 0xff00, 8],
  [6, 1, 8],
  [16, 2, 8],
  [43, 0, 0],
])('the answer of function %s for %s has %s bytes', (code, count, length) => {
  expect(answerLength(withCrc(Buffer.of(1, code, 0, 0, count >> 8, count & 0xff)))).toBe(length);
});
