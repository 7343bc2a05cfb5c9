import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchText } from '../../agent/cli/meters-watch.ts';
import { loadConfig } from '../../agent/config.ts';
import { epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import type { Framing } from '../../hardware/bus/bus.ts';
import { startPushSimulator } from '../../hardware/simulator/push-simulator.ts';
import { startTcpSimulator } from '../../hardware/simulator/tcp-simulator.ts';
import { startRemoteSimulator } from '../hardware/remote-simulator.ts';
import { type HomeKit, homeKit, runCommand } from './home-kit.ts';

const clock = new SteppedClock(epochMs(Date.parse('2026-11-24T00:00:00Z')));
const closing: (() => unknown)[] = [];
let kit: HomeKit;
beforeEach(() => {
  kit = homeKit(clock);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  kit.remove();
});

const devices = [
  { address: 1, profile: 'eastron-sdm630', load: 1150, energyWh: 5000, since: 0 },
  { address: 3, profile: 'abb-b24', load: 90, energyWh: 5000, since: 0, serialNumber: 4711 },
];

async function gateway(framing: Framing) {
  const simulator = await startTcpSimulator({ devices, now: () => 0, framing });
  closing.push(() => simulator.close());
  return simulator;
}

test.each<Framing>(['rtu', 'tcp'])(
  'a gateway that speaks %s is told from the other kind, and its meters named',
  async (framing) => {
    const { port } = await gateway(framing);
    const host = port.replace(/^[a-z-]+:\/\//, '');
    const { stdout, code } = await runCommand(clock, ['meters', 'scan', host, '--addresses', '1-3', '--timeout', '40']);
    expect(code).toBe(0);
    expect(stdout).toContain(`+ Eastron SDM630 at address 1 on ${port}, serial number 10001, by its registers`);
    expect(stdout).toContain(
      `! PROFILES_ALIKE: several profiles fit the device at address 1 on ${port}: Eastron SDM630, `,
    );
    expect(stdout).toContain('What to do: Look at the name on its front');
    expect(stdout).toContain(`+ ABB B24 at address 3 on ${port}, serial number 4711`);
    expect(stdout).toContain(`port: ${port}`);
    expect(stdout).not.toContain('address 2');
  },
);

test('a scan of a serial line finds its devices, and writes them into the configuration once', async () => {
  const simulator = await startRemoteSimulator({ baudRate: 115_200, devices: devices.slice(1) }, 0);
  closing.push(() => simulator.unplug());
  const scan = ['meters', 'scan', simulator.path, '--addresses', '3', '--timeout', '60', '--write', kit.configPath];
  for (let times = 0; times < 2; times++) {
    const { stdout, code } = await runCommand(clock, scan);
    expect(stdout).toContain(`+ ABB B24 at address 3, 9600 8N1 on ${simulator.path}, serial number 4711`);
    expect(code).toBe(0);
  }
  const config = loadConfig(kit.configPath);
  expect(config.buses).toEqual([expect.objectContaining({ port: simulator.path, baudRate: 9600, parity: 'none' })]);
  expect(config.devices).toEqual([expect.objectContaining({ address: 3, profile: 'abb-b24', serial: '4711' })]);
});

test('a port that is not there, and one where nothing answers, are said to be so', async () => {
  const { port } = await gateway('tcp');
  const host = port.replace(/^[a-z-]+:\/\//, '');
  const scan = ['meters', 'scan', host, '/dev/nowhere', '--addresses', '9', '--timeout', '30'];
  const { stdout, code } = await runCommand(clock, scan);
  expect(stdout).toContain(`- ${host}: no answer at any speed: A and B swapped?`);
  expect(stdout).toContain('! /dev/nowhere: PORT_NOT_FOUND');
  expect(code).toBe(1);
});

test('a device that no profile fits is named, with what it may be', async () => {
  const unknown = {
    address: 1,
    profile: fileURLToPath(new URL('../hardware/equal-blocks.yaml', import.meta.url)),
    load: 5,
  };
  const simulator = await startTcpSimulator({ devices: [unknown], now: () => 0, framing: 'tcp' });
  closing.push(() => simulator.close());
  const host = simulator.port.replace(/^[a-z-]+:\/\//, '');
  const { stdout, code } = await runCommand(clock, ['meters', 'scan', host, '--addresses', '1', '--timeout', '40']);
  expect(stdout).toContain(
    `+ a device that no profile fits at address 1 on ${simulator.port}\n  What to do: If it is a relay`,
  );
  expect(code).toBe(1);
});

test('a configuration that cannot be written into is said before the scan, not after it', async () => {
  const { port } = await gateway('tcp');
  const missing = join(kit.folder, 'missing.yaml');
  const { stdout, stderr, code } = await runCommand(clock, ['meters', 'scan', port, '--write', missing]);
  expect(stderr).toContain('CONFIG_UNREADABLE');
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

test('an own profile with a wrong word order is tried, and the order that fits is told', async () => {
  const { port } = await gateway('tcp');
  const profile = join(kit.folder, 'mine.yaml');
  writeFileSync(
    profile,
    'name: Mine\nlike: eastron-sdm630\nregisters:\n' +
      '  - { quantity: voltage, unit: V, at: 0, kind: input, type: float32, wordOrder: little, scale: 1 }\n',
  );
  const { stdout, code } = await runCommand(clock, ['meters', 'try', profile, '--port', port, '--address', '1']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/voltage +input 0x00 +4366 0000 +\S+ +V +cannot be/);
  expect(stdout).toMatch(/voltageL2 +input 0x02 +4366 0000 +230 +V\n/);
  expect(stdout).toContain(`! voltage: In another order it would fit: write wordOrder: big at voltage in ${profile}`);
});

test('a profile that is after one source only is said to be so, by a try and by a scan', async () => {
  const device = { address: 1, profile: 'siemens-7kt1665', load: 1150, energyWh: 5000, since: 0 };
  const simulator = await startTcpSimulator({ devices: [device], now: () => 0, framing: 'tcp' });
  closing.push(() => simulator.close());
  const { port } = simulator;
  const tried = await runCommand(clock, ['meters', 'try', 'siemens-7kt1665', '--port', port]);
  const scanned = await runCommand(clock, ['meters', 'scan', port, '--addresses', '1', '--timeout', '40']);
  for (const { stdout, code } of [tried, scanned]) {
    expect(stdout).toMatch(/! PROFILE_UNCONFIRMED: .*siemens-7kt1665.*\n +What to do: Compare .* with the display/);
    expect(code).toBe(0);
  }
});

test('each device of a configuration is checked: what is wrong, and what to do', async () => {
  const rtu = await gateway('rtu');
  const other = rtu.port.replace('rtu-over-tcp', 'modbus-tcp');
  kit.remove();
  kit = homeKit(clock, {
    buses: [
      { id: 'right', port: rtu.port, timeout: '60ms' },
      { id: 'wrong', port: other, timeout: '60ms' },
    ],
    devices: [
      { id: 'main', bus: 'right', address: 1, profile: 'eastron-sdm630' },
      { id: 'model', bus: 'right', address: 3, profile: 'abb-b23' },
      { id: 'nobody', bus: 'right', address: 9, profile: 'eastron-sdm630' },
      { id: 'framing', bus: 'wrong', address: 1, profile: 'eastron-sdm630' },
    ],
  });
  const { stdout, code } = await kit.run('meters', 'check');
  expect(stdout).toContain('+ main: well');
  expect(stdout).toContain('! model: METER_OTHER_MODEL');
  expect(stdout).toContain('! nobody: METER_NO_ANSWER');
  expect(stdout).toContain('! nobody: NO_ANSWER_AT_ANY_SPEED');
  expect(stdout).toContain('Swap A and B');
  expect(stdout).toContain('! framing: METER_ANSWERS_OTHERWISE');
  expect(stdout).toContain(`port: ${rtu.port}`);
  expect(code).toBe(1);
});

test('a meter whose PIN was not entered is read, and said to lack it', async () => {
  const meter = { load: 0, energyWh: 22_517 };
  const writing = { protocol: 'sml', locked: true } as const;
  const simulator = await startPushSimulator({ meter, writing, now: () => 0, baudRate: 115_200, everyMs: 100 });
  closing.push(() => simulator.close());
  kit.remove();
  kit = homeKit(clock, {
    buses: [{ id: 'head', port: simulator.path }],
    devices: [{ id: 'main', bus: 'head', profile: 'sml' }],
  });
  const { stdout, code } = await kit.run('meters', 'check');
  expect(stdout).toContain('! main: METER_WITHOUT_PIN: the meter (sml) gives whole kWh and no power');
  expect(stdout).toContain("What to do: Enter the meter's PIN");
  expect(code).toBe(1);
});

test('beside the running agent it is asked, and nothing is opened twice', async () => {
  const { port } = await gateway('tcp');
  kit.remove();
  kit = homeKit(clock, {
    buses: [{ id: 'line', port, timeout: '60ms' }],
    devices: [
      { id: 'main', bus: 'line', address: 1, profile: 'eastron-sdm630' },
      { id: 'nobody', bus: 'line', address: 9, profile: 'eastron-sdm630' },
    ],
  });
  const agent = await kit.start();
  closing.push(() => agent.close());
  await expect
    .poll(async () => (await kit.run('meters', 'check')).stdout)
    .toMatch(/\+ main: well\n! nobody: METER_NO_ANSWER/);
});

test('all quantities are shown live, each with its age', () => {
  const now = epochMs(100_000);
  const measured = [{ quantity: 'energyImport', unit: 'Wh', value: 23_200 }];
  const text = watchText({
    now,
    live: true,
    devices: [
      { id: 'fridge', pollEveryMs: 1000, at: epochMs(93_000), measured },
      { id: 'lamp', pollEveryMs: 1000, measured: [] },
    ],
  } as unknown as Parameters<typeof watchText>[0]);
  expect(text).toMatch(/fridge +energyImport +23\.200 +kWh +7s/);
  expect(text).toMatch(/lamp +none yet/);
});

test('a bus in the network is written as what is spoken there', () => {
  const text = readFileSync(kit.configPath, 'utf8');
  writeFileSync(kit.configPath, `${text}buses: [{ id: net, port: "modbus-udp://host" }]\n`);
  expect(() => loadConfig(kit.configPath)).toThrow(/modbus-tcp:\/\/host:502 or rtu-over-tcp:\/\/host:port/);
});
