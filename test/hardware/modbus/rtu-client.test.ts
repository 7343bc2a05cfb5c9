import { expect, test } from 'vitest';
import { busOver } from '../../../hardware/bus/bus.ts';
import { busDefaults } from '../../../hardware/bus/bus-config.ts';
import { HardwareError } from '../../../hardware/errors.ts';
import { withCrc } from '../../../hardware/modbus/crc16.ts';
import { type Block, RtuClient } from '../../../hardware/modbus/rtu-client.ts';
import { MemoryLine } from '../memory-line.ts';
import { never } from '../never.ts';

const party = { meter: 'Meter', profile: 'meter', port: 'memory', address: 1, delivered: '9600 8N1' };
const two: Block = { kind: 'input', at: 0, count: 2 };
const three: Block = { kind: 'holding', at: 0x10, count: 3 };
// "Volts" as printed in Eastron's SDM120M protocol V2.5, 2.1.
const volts = Buffer.from('010404436633341b38', 'hex');

function clientOn(line: MemoryLine) {
  const bus = busOver(line, { ...busDefaults, port: 'memory', timeoutMs: 60 });
  const client = new RtuClient(party);
  return (block: Block, tries = 1) => bus.turn('meter', never, (turn) => client.read(turn, block, tries));
}

test('a request and its answer are, byte for byte, those that the maker prints', async () => {
  const line = new MemoryLine((_, self) => self.say(volts, 1));
  expect((await clientOn(line)(two)).toString('hex')).toBe('43663334');
  expect(line.sent[0]?.bytes.toString('hex')).toBe('01040000000271cb');
});

test('bytes right behind an answer are nobodys, and their end is awaited before the next question', async () => {
  let answers = 0;
  const line = new MemoryLine((request, self) => {
    const answer = request[1] === 4 ? volts : withCrc(Buffer.of(1, 3, 6, 0, 1, 0, 2, 0, 3));
    // The first one and half of its second coming, in one piece.
    self.say(Buffer.concat(answers++ === 0 ? [answer, answer.subarray(0, 5)] : [answer]), 1, 64);
  });
  const read = clientOn(line);
  await read(two);
  expect((await read(three)).toString('hex')).toBe('000100020003');
  const [first, second] = line.sent.map(({ at }) => at);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(50);
});

test('a time-out counts from the end of the words, not from their beginning', async () => {
  const line = new MemoryLine();
  const bus = busOver(line, { ...busDefaults, port: 'memory', timeoutMs: 60, baudRate: 1200 });
  const asked = performance.now();
  await expect(bus.turn('meter', never, (turn) => new RtuClient(party).read(turn, two, 1))).rejects.toThrow(
    'did not answer',
  );
  // Request and answer have 17 characters of 10 bits.
  expect(performance.now() - asked).toBeGreaterThanOrEqual(60 + (17 * 10 * 1000) / 1200);
});

test.each([
  ['silence', [], 'METER_NO_ANSWER', /did not answer within \d+ ms \(tries: 2\)/],
  ['a wrong check', [Buffer.from([...volts.subarray(0, -1), 0])], 'METER_BAD_FRAME', /CRC error \(tries: 2\)/],
  ['something else', [Buffer.from('hello, world')], 'METER_BAD_FRAME', /12 bytes that are no answer \(tries: 2\)/],
  [
    'a refusal',
    [withCrc(Buffer.of(1, 0x84, 2))],
    'METER_EXCEPTION',
    /refuses input registers 0x00 to 0x01: exception 2: Illegal data address/,
  ],
])('%s becomes an error of ours, that says so', async (_, words, code, says) => {
  const line = new MemoryLine((__, self) => {
    for (const word of words) self.say(word, 1);
  });
  const error = await clientOn(line)(two, 2).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HardwareError);
  expect(error).toMatchObject({ code, says: expect.stringMatching(says) });
});
