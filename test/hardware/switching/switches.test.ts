import { describe, expect, it, test } from 'vitest';
import { busOver } from '../../../hardware/bus/bus.ts';
import { busDefaults } from '../../../hardware/bus/bus-config.ts';
import { openDevice } from '../../../hardware/open-device.ts';
import { type Fault, misbehave } from '../../../hardware/simulator/faults.ts';
import { RelayBoard } from '../../../hardware/simulator/relay-board.ts';
import { SimulatedDevices } from '../../../hardware/simulator/simulated-devices.ts';
import { lcusCommand } from '../../../hardware/switching/lcus-switch.ts';
import { loadRelay, shippedRelays } from '../../../hardware/switching/load-relay.ts';
import { openSwitch } from '../../../hardware/switching/open-switch.ts';
import { codeOf } from '../code-of.ts';
import { MemoryLine } from '../memory-line.ts';
import { never } from '../never.ts';

/** A board, and a meter beside it, on a line in memory. */
function wired(profile: string, now: () => number = () => 0) {
  const board = new RelayBoard(loadRelay(profile), [2], now);
  const devices = new SimulatedDevices([{ address: 9, profile: 'hiking-dds238', load: 100 }], now, {
    relays: [{ address: 5, board }],
  });
  const heard: number[][] = [];
  const line = new MemoryLine((request, self) => {
    heard.push([...request]);
    const said = board.profile.protocol === 'lcus' ? board.hear(request) : devices.hear(request);
    for (const { bytes, afterMs } of said) self.say(bytes, 1 + afterMs);
  });
  const bus = busOver(line, { ...busDefaults, port: 'memory', baudRate: 115200, timeoutMs: 60, pauseMs: 0 });
  const channel = (number: number, safetyS?: number) =>
    openSwitch({ bus, address: 5, profile, channel: number, safetyS });
  return { board, devices, heard, bus, channel };
}

test('every shipped board has its source and its channels', () => {
  expect(shippedRelays()).toEqual([
    'lcus',
    'r421a08',
    'waveshare-modbus-rtu-relay',
    'wirenboard-mr6c',
    'wirenboard-mrm2',
    'wirenboard-mrps6',
    'wp8025adam',
  ]);
});

describe.each(shippedRelays())('%s', (profile) => {
  it('is turned, says so, and leaves the other channels alone', async () => {
    const { board, bus, channel } = wired(profile);
    const last = board.profile.channels;
    expect(await channel(1).state(never)).toBe('off');
    expect(await channel(2).state(never)).toBe('on');
    expect(await channel(1).set(true, never)).toBe('on');
    expect([1, 2, last].map((one) => board.isOn(one))).toEqual([true, true, last === 2]);
    expect(await channel(2).set(false, never)).toBe('off');
    expect([1, 2].map((one) => board.isOn(one))).toEqual([true, false]);
    expect(await channel(last).set(true, never)).toBe('on');
    expect(() => channel(last + 1)).toThrow(expect.objectContaining({ code: 'SWITCH_NO_CHANNEL' }));
    await bus.close();
  });
});

/** As the makers' documents write them, without address and check. */
const wires: [string, number, string[]][] = [
  ['waveshare-modbus-rtu-relay', 3, ['050002ff00', '0100020001', '0500020000', '0100020001']],
  ['r421a08', 3, ['0600030100', '0300030001', '0600030200', '0300030001']],
];
test.each(wires)('%s: the bytes on the wire', async (profile, number, frames) => {
  const { heard, bus, channel } = wired(profile);
  await channel(number).set(true, never);
  await channel(number).set(false, never);
  expect(heard.map((bytes) => Buffer.from(bytes.slice(1, -2)).toString('hex'))).toEqual(frames);
  await bus.close();
});

test('lcus: on is A0 01 01 A2, off is A0 01 00 A1', () => {
  expect([...lcusCommand(1, true), ...lcusCommand(1, false)]).toEqual([0xa0, 1, 1, 0xa2, 0xa0, 1, 0, 0xa1]);
});

describe('what a board does not do is not assumed', () => {
  it.each<[string, Fault, string]>([
    ['is silent', { kind: 'silent' }, 'METER_NO_ANSWER'],
    ['refuses', { kind: 'exception', code: 2 }, 'METER_EXCEPTION'],
    ['gives damaged answers', { kind: 'badCrc' }, 'METER_BAD_FRAME'],
    ['is late once', { kind: 'late', byMs: 90, times: 1 }, 'done'],
  ])('where it %s', async (_, fault, code) => {
    const { devices, bus, channel } = wired('waveshare-modbus-rtu-relay');
    devices.setFault(5, fault);
    expect(await codeOf(channel(1).set(true, never))).toBe(code);
    await bus.close();
  });

  it('where only the adapter heard the command', async () => {
    const board = new RelayBoard(loadRelay('wp8025adam'), [], () => 0);
    const line = new MemoryLine((request, self) => {
      const answer = request.readUInt8(1) === 5 ? request : board.answerTo(request);
      for (const { bytes } of misbehave(undefined, request, answer ?? request)) self.say(bytes, 1);
    });
    const bus = busOver(line, { ...busDefaults, port: 'memory', baudRate: 115200, timeoutMs: 60, pauseMs: 0 });
    const plug = openSwitch({ bus, address: 5, profile: 'wp8025adam', channel: 1 });
    expect(await codeOf(plug.set(true, never))).toBe('SWITCH_NOT_DONE');
    await bus.close();
  });

  it('where it says nothing of itself, its state is unknown', async () => {
    const line = new MemoryLine();
    const bus = busOver(line, { ...busDefaults, port: 'memory', timeoutMs: 60, pauseMs: 0 });
    const plug = openSwitch({ bus, address: 1, profile: 'lcus', channel: 1 });
    expect(await plug.set(true, never)).toBe('unknown');
    expect(await plug.state(never)).toBe('unknown');
    await bus.close();
  });
});

describe('a safety timer', () => {
  it('is set before the first word, once, and turns all off when nobody speaks to the board', async () => {
    let now = 0;
    const { board, heard, bus, channel } = wired('wirenboard-mr6c', () => now);
    const plug = channel(1, 60);
    expect(await plug.set(true, never)).toBe('on');
    expect(await plug.state(never)).toBe('on');
    expect(heard.filter((bytes) => bytes[1] === 6)).toHaveLength(1);
    now += 59_000;
    expect(await plug.state(never)).toBe('on');
    now += 61_000;
    expect([1, 2].map((one) => board.isOn(one))).toEqual([false, false]);
    expect(await plug.state(never)).toBe('off');
    await bus.close();
  });

  it('is refused where the board has none', () => {
    const { channel } = wired('waveshare-modbus-rtu-relay');
    expect(() => channel(1, 60)).toThrow(expect.objectContaining({ code: 'SWITCH_NO_TIMER' }));
  });
});

test('a switch goes before the meters that wait', async () => {
  const { heard, bus, channel } = wired('waveshare-modbus-rtu-relay');
  const meters = [1, 2, 3].map(() => openDevice({ bus, address: 9, profile: 'hiking-dds238' }));
  const readings = meters.map((meter) => meter.read(never));
  const turned = channel(1).set(true, never);
  await Promise.all([...readings, turned]);
  const spokenTo = heard.map(([address]) => address);
  expect(spokenTo.filter((address, index) => address !== spokenTo[index - 1])).toEqual([9, 5, 9]);
  await bus.close();
});
