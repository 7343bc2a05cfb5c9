import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Bus, busOver } from '../../../hardware/bus/bus.ts';
import { busDefaults } from '../../../hardware/bus/bus-config.ts';
import { withCrc } from '../../../hardware/modbus/crc16.ts';
import { RtuClient } from '../../../hardware/modbus/rtu-client.ts';
import { openBus, openDevice } from '../../../hardware/open-device.ts';
import type { Fault } from '../../../hardware/simulator/faults.ts';
import { type SimulatedDevice, SimulatedDevices } from '../../../hardware/simulator/simulated-devices.ts';
import { startTcpSimulator, type TcpSimulator } from '../../../hardware/simulator/tcp-simulator.ts';
import { codeOf } from '../code-of.ts';
import { MemoryLine } from '../memory-line.ts';
import { never } from '../never.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function lineOf(simulated: readonly SimulatedDevice[], timeoutMs = 60) {
  const devices = new SimulatedDevices(simulated, () => 0);
  const line = new MemoryLine((request, self) => {
    for (const { bytes, afterMs } of devices.hear(request)) self.say(bytes, 1 + afterMs, 300);
  });
  const bus = busOver(line, { ...busDefaults, port: 'memory', baudRate: 115_200, timeoutMs, pauseMs: 0 });
  closing.push(() => bus.close());
  return { line, bus, devices };
}

const quantitiesOf = (measured: readonly { readonly quantity: string }[]) => measured.map(({ quantity }) => quantity);

test('a device without an optional register is read without it, which is said once', async () => {
  const simulated = { address: 1, profile: 'carlo-gavazzi-em24', load: 100, lacks: ['energyExport'] as const };
  const { line, bus } = lineOf([simulated]);
  const remarks: string[] = [];
  const meter = openDevice({
    bus,
    address: 1,
    profile: 'carlo-gavazzi-em24',
    remark: ({ code }) => remarks.push(code),
  });
  const first = quantitiesOf(await meter.read(never));
  expect(first).toContain('energyImport');
  expect(first).not.toContain('energyExport');
  const asked = line.sent.length;
  expect(quantitiesOf(await meter.read(never))).toEqual(first);
  // It is not asked for again.
  expect(line.sent.slice(asked).map(({ bytes }) => bytes.readUInt16BE(2))).not.toContain(0x5c);
  expect(remarks).toEqual(['REGISTER_ABSENT']);
});

test('a device that has to have a register and refuses it is not read', async () => {
  const { bus } = lineOf([{ address: 1, profile: 'carlo-gavazzi-em24', load: 100, lacks: ['power'] }]);
  expect(await codeOf(openDevice({ bus, address: 1, profile: 'carlo-gavazzi-em24' }).read(never))).toBe(
    'METER_EXCEPTION',
  );
});

function ownProfile(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'profile-')), 'mine.yaml');
  writeFileSync(path, text);
  return path;
}

test('a device without the serial number that its profile knows has none, and is read', async () => {
  const profile = ownProfile(
    'name: Mine\nlike: eastron-sdm630\nserialNumber: { at: 0x7000, kind: input, type: uint32 }\n',
  );
  const { bus } = lineOf([{ address: 1, profile: 'eastron-sdm630', load: 100 }]);
  const meter = openDevice({ bus, address: 1, profile, serial: '4711' });
  expect(await meter.serialNumber(never)).toBeUndefined();
  expect(quantitiesOf(await meter.read(never))).toContain('power');
});

test('a value that cannot be is left out, and the order that would fit is said once', async () => {
  const profile = ownProfile(
    'name: Mine\nlike: eastron-sdm630\nregisters:\n' +
      '  - { quantity: voltage, unit: V, at: 0, kind: input, type: float32, wordOrder: little, scale: 1 }\n',
  );
  const { bus } = lineOf([{ address: 1, profile: 'eastron-sdm630', load: 100 }]);
  const remarks: string[] = [];
  const meter = openDevice({
    bus,
    address: 1,
    profile,
    remark: ({ code, remedy }) => remarks.push(`${code} ${remedy}`),
  });
  for (let times = 0; times < 2; times++) expect(quantitiesOf(await meter.read(never))).not.toContain('voltage');
  expect(remarks).toEqual([expect.stringMatching(/^VALUE_IMPLAUSIBLE .*write wordOrder: big at voltage/)]);
});

test('a device that says that it is another model is read, which is said once', async () => {
  const { bus } = lineOf([{ address: 1, profile: 'abb-b23', load: 100 }]);
  const remarks: string[] = [];
  const meter = openDevice({ bus, address: 1, profile: 'abb-b24', remark: ({ code }) => remarks.push(code) });
  for (let times = 0; times < 2; times++) expect(quantitiesOf(await meter.read(never))).toContain('power');
  expect(remarks).toEqual(['METER_OTHER_MODEL']);
});

test('two devices at one address are said to be so, not booked', async () => {
  const twice = [100, 2000].map((load) => ({ address: 1, profile: 'eastron-sdm120', load, energyWh: 10 * load }));
  const { bus } = lineOf(twice);
  expect(await codeOf(openDevice({ bus, address: 1, profile: 'eastron-sdm120' }).read(never))).toBe(
    'METER_ADDRESS_TWICE',
  );
});

test('a dead device is asked less and less often, and is back by itself', async () => {
  const { line, bus, devices } = lineOf([{ address: 1, profile: 'eastron-sdm120', load: 100 }], 20);
  const meter = openDevice({ bus, address: 1, profile: 'eastron-sdm120' });
  devices.setFault(1, { kind: 'silent' });
  const codes = new Set<unknown>();
  const until = performance.now() + 900;
  while (performance.now() < until) {
    codes.add(await codeOf(meter.read(never)));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect([...codes]).toEqual(['METER_NO_ANSWER']);
  // Three tries, then one each; without backing off it would be asked some twenty times.
  expect(line.sent.length).toBeLessThanOrEqual(6);
  devices.setFault(1, undefined);
  await expect.poll(() => codeOf(meter.read(never)), { timeout: 10_000, interval: 20 }).toBe('done');
});

test('a slow device has its own time-out, and the others wait it out when it does not answer', async () => {
  const slow = { address: 1, profile: 'eastron-sdm120', load: 100 };
  const { bus, devices, line } = lineOf([slow, { ...slow, address: 2 }], 30);
  devices.setFault(1, { kind: 'late', byMs: 100 });
  const patient = openDevice({ bus, address: 1, profile: 'eastron-sdm120', timeoutMs: 200, tries: 1 });
  expect(await codeOf(patient.read(never))).toBe('done');
  devices.setFault(1, { kind: 'silent' });
  await codeOf(patient.read(never));
  const asked = line.sent.at(-1)?.at ?? 0;
  expect(await codeOf(openDevice({ bus, address: 2, profile: 'eastron-sdm120' }).read(never))).toBe('done');
  const next = line.sent.find(({ at }) => at > asked)?.at ?? 0;
  expect(next - asked).toBeGreaterThanOrEqual(2 * 200 - 1);
});

test('on a line that is known to echo, the echo of a write is not its answer', async () => {
  const refusal = withCrc(Buffer.of(1, 0x85, 2));
  const line = new MemoryLine((request, self) => {
    const answer = request[1] === 5 ? refusal : withCrc(Buffer.of(1, 4, 2, 0, 7));
    self.say(Buffer.concat([request, answer]), 1, 300);
  });
  const bus = busOver(line, { ...busDefaults, port: 'memory', baudRate: 115_200, timeoutMs: 60 });
  const party = { meter: 'Relay', profile: 'relay', port: 'memory', address: 1, delivered: '9600 8N1' };
  const client = new RtuClient(party);
  await bus.turn('relay', never, (turn) => client.read(turn, { kind: 'input', at: 0, count: 1 }, 1));
  expect(await codeOf(bus.turn('relay', never, (turn) => client.writeCoil(turn, 0, true, 1)))).toBe('METER_EXCEPTION');
});

async function gateway(framing: 'rtu' | 'tcp'): Promise<{ readonly simulator: TcpSimulator; readonly bus: Bus }> {
  const devices = [
    { address: 1, profile: 'eastron-sdm630', load: 1150 },
    { address: 2, profile: 'bge-ds100', load: 500 },
  ];
  const simulator = await startTcpSimulator({ devices, now: () => 0, framing });
  const bus = openBus({ port: simulator.port, timeoutMs: 150, baudRate: 115_200 });
  closing.push(
    () => simulator.close(),
    () => bus.close(),
  );
  return { simulator, bus };
}

test.each<['rtu' | 'tcp', Fault | undefined, string]>([
  ['tcp', undefined, 'done'],
  ['tcp', { kind: 'late', byMs: 200, times: 1 }, 'done'],
  ['tcp', { kind: 'doubled', byMs: 5 }, 'done'],
  ['tcp', { kind: 'wrongUnit' }, 'METER_BAD_FRAME'],
  ['tcp', { kind: 'silent' }, 'METER_NO_ANSWER'],
  ['tcp', { kind: 'exception' }, 'METER_EXCEPTION'],
  ['rtu', undefined, 'done'],
  ['rtu', { kind: 'late', byMs: 200, times: 1 }, 'done'],
  ['rtu', { kind: 'badCrc' }, 'METER_BAD_FRAME'],
])('over TCP (%s) a device that is %j gives %s, and its neighbour the right values', async (framing, fault, code) => {
  const { simulator, bus } = await gateway(framing);
  const meter = openDevice({ bus, address: 1, profile: 'eastron-sdm630' });
  const neighbour = openDevice({ bus, address: 2, profile: 'bge-ds100' });
  simulator.setFault(1, fault);
  const [got, beside] = await Promise.all([codeOf(meter.read(never)), neighbour.read(never)]);
  expect(got).toBe(code);
  expect(beside).toContainEqual({ quantity: 'power', unit: 'W', value: 500 });
  simulator.setFault(1, undefined);
  expect(await meter.read(never)).toContainEqual({ quantity: 'power', unit: 'W', value: 1150 });
});

test('a gateway that hangs up is connected to again', async () => {
  const { simulator, bus } = await gateway('tcp');
  const meter = openDevice({ bus, address: 1, profile: 'eastron-sdm630' });
  await meter.read(never);
  simulator.hangUp();
  await expect.poll(() => codeOf(meter.read(never))).toBe('done');
});

test.each([
  ['modbus-tcp://127.0.0.1:1', 'PORT_REFUSED'],
  ['modbus-tcp://no-such-host.invalid', 'PORT_UNREACHABLE'],
  ['modbus-udp://127.0.0.1', 'PORT_NOT_FOUND'],
])('%s gives %s', async (port, code) => {
  const bus = openBus({ port });
  closing.push(() => bus.close());
  expect(await codeOf(openDevice({ bus, address: 1, profile: 'eastron-sdm120' }).read(never))).toBe(code);
});
