/** What bad input gets: each thing that is wrong with a port or a meter, in each command that meets it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import type { Fault } from '../../hardware/simulator/faults.ts';
import { startPushSimulator } from '../../hardware/simulator/push-simulator.ts';
import { startSerialSimulator } from '../../hardware/simulator/serial-simulator.ts';
import type { SimulatedDevice } from '../../hardware/simulator/simulated-devices.ts';
import type { TelegramWriting } from '../../hardware/simulator/telegram-source.ts';
import { keepingLog } from '../broker/silent-log.ts';
import { farModbus, line as uart } from '../hardware/far-end.ts';
import { type HomeKit, homeKit, runCommand } from './home-kit.ts';

const clock = new SteppedClock(epochMs(Date.parse('2026-11-24T00:00:00Z')));
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const line = { baudRate: 115_200, timeout: '60ms', pause: '5ms' };
const sdm = { address: 1, profile: 'eastron-sdm630', load: 1150 };

async function serial(...devices: SimulatedDevice[]): Promise<string> {
  const simulator = await startSerialSimulator({ ...line, devices, now: () => 0 });
  closing.push(() => simulator.close());
  return simulator.path;
}

async function sending(writing: TelegramWriting, fault: Fault): Promise<string> {
  const meter = { load: 100 };
  const simulator = await startPushSimulator({ meter, writing, fault, now: () => 0, baudRate: 115_200, everyMs: 100 });
  closing.push(() => simulator.close());
  return simulator.path;
}

interface Wrong {
  readonly port: () => string | Promise<string>;
  /** Of the configuration; a meter without a address is alone on its port. */
  readonly profile?: string | ((folder: string) => string);
  readonly alone?: boolean;
  /** What is said of it. */
  readonly says: RegExp;
  readonly remedy: RegExp;
  /** What a scan says; `alike` where it says the same. Left out, it is no matter of a scan. */
  readonly scan?: RegExp | 'alike';
  readonly try?: RegExp;
}

const wrongs: Readonly<Record<string, Wrong>> = {
  'no such port': {
    port: () => '/dev/nowhere',
    says: /(PORT_NOT_FOUND)\b.*there is no port \/dev\/nowhere/,
    remedy: /Plug the adapter in, .*Ports here: /,
    scan: 'alike',
  },
  'a port that another process holds': {
    port: async () => {
      const path = await serial(sdm);
      await hold(path);
      return path;
    },
    says: /(PORT_BUSY)\b.*is in use by process \d+ \(flock\)/,
    remedy: /End that program/,
    scan: 'alike',
  },
  'nobody at the address': {
    port: () => serial({ ...sdm, address: 2 }),
    says: /(METER_NO_ANSWER)\b.*Eastron SDM630 on \S+, address 1, did not answer within/,
    remedy: /wiring \(A and B swapped\?\), address and speed/,
    scan: /^- \S+: no answer at any speed: A and B swapped\?/m,
  },
  'answers whose check is wrong': {
    port: () => serial({ ...sdm, fault: { kind: 'badCrc' } }),
    says: /(METER_BAD_FRAME)\b.*address 1, gives damaged answers: .*CRC/,
    remedy: /Check parity, the line termination/,
  },
  'answers that are cut': {
    port: () => serial({ ...sdm, fault: { kind: 'short' } }),
    says: /(METER_BAD_FRAME)\b.*address 1, gives damaged answers: \d+ bytes that are no answer/,
    remedy: /Check parity, the line termination/,
  },
  'an address twice': {
    port: () => serial(sdm, { ...sdm, load: 77, energyWh: 123_456 }),
    says: /(METER_ADDRESS_TWICE)\b.*more than one device seems to answer at address 1/,
    remedy: /Take one of them off the line, give the other another address/,
    scan: /^\+ more than one device at address 1, 115200 8N1 on \S+\n {2}! METER_ADDRESS_TWICE: /m,
  },
  'another model': {
    port: () => serial({ ...sdm, profile: 'abb-b24' }),
    profile: 'abb-b23',
    says: /(METER_OTHER_MODEL)\b.*address 1, says that it is another model/,
    remedy: /Put the profile of that model into the configuration/,
    scan: /^\+ ABB B24 at address 1/m,
    try: /power/,
  },
  'an own profile with a wrong word order': {
    port: () => serial(sdm),
    profile: (folder) => {
      const path = join(folder, 'mine.yaml');
      const register = '{ quantity: voltage, unit: V, at: 0, kind: input, type: float32, wordOrder: little, scale: 1 }';
      writeFileSync(path, `name: Mine\nlike: eastron-sdm630\nregisters:\n  - ${register}\n`);
      return path;
    },
    says: /(VALUE_IMPLAUSIBLE)\b.*gives a voltage outside of \d+ to \d+ V: left out/,
    remedy: /In another order it would fit: write wordOrder: big at voltage in \S+mine\.yaml/,
    try: /! voltage: In another order it would fit: write wordOrder: big at voltage/,
  },
  'a meter that sends nothing': {
    port: () => sending({ protocol: 'sml' }, { kind: 'silent' }),
    ...{ profile: 'sml', alone: true },
    says: /(METER_SILENT)\b.*sent nothing for 300 ms/,
    remedy: /optical head sits straight/,
  },
  'telegrams whose check is wrong': {
    port: () => sending({ protocol: 'dsmr' }, { kind: 'badCrc' }),
    ...{ profile: 'dsmr-p1', alone: true },
    says: /(METER_GARBLED)\b.*sends no telegram that can be read/,
    remedy: /Check speed and framing \(usually 115200 8N1\)/,
  },
  'telegrams that are cut': {
    port: () => sending({ protocol: 'sml' }, { kind: 'short' }),
    ...{ profile: 'sml', alone: true },
    says: /(METER_GARBLED)\b.*sends no telegram that can be read/,
    remedy: /Check speed and framing \(usually 9600 8N1\)/,
  },
};

/** Until the end of the test, as other programs do it. */
async function hold(path: string): Promise<void> {
  const holder = spawn('flock', [path, '--command', 'echo held; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  closing.push(() => holder.kill());
  await once(holder.stdout, 'data');
}

describe.each(Object.entries(wrongs))('%s', (_, wrong) => {
  const profile = (folder: string) =>
    typeof wrong.profile === 'function' ? wrong.profile(folder) : (wrong.profile ?? sdm.profile);

  async function home(): Promise<{ readonly kit: HomeKit; readonly port: string; readonly profile: string }> {
    const port = await wrong.port();
    const place = homeKit(clock);
    closing.push(() => place.remove());
    const used = profile(place.folder);
    const device = { id: 'main', bus: 'line', profile: used, timeout: '300ms', ...(!wrong.alone && { address: 1 }) };
    const kit = homeKit(clock, { buses: [{ id: 'line', port, ...line }], devices: [device] });
    closing.push(() => kit.remove());
    return { kit, port, profile: used };
  }

  test('is told by meters check', async () => {
    const { kit } = await home();
    const { stdout, code } = await kit.run('meters', 'check');
    expect(stdout).toMatch(wrong.says);
    expect(stdout).toMatch(wrong.remedy);
    expect(code).toBe(1);
  });

  test('is told by the running agent, to meters check and in its log', async () => {
    const { kit } = await home();
    const { log, lines } = keepingLog();
    const agent = await kit.start(log);
    closing.push(() => agent.close());
    await expect.poll(async () => (await kit.run('meters', 'check')).stdout, { timeout: 15_000 }).toMatch(wrong.says);
    const { stdout, code } = await kit.run('meters', 'check');
    expect(stdout).toMatch(wrong.remedy);
    expect(code).toBe(1);
    const [, told] = wrong.says.exec(stdout) ?? [];
    expect(lines.join('')).toContain(`"code":"${told}"`);
  });

  test('is told by meters try', async () => {
    const made = await home();
    const address = wrong.alone ? [] : ['--address', '1'];
    const words = ['--port', made.port, '--line', '115200 8N1', '--timeout', '300', ...address];
    const { stdout, stderr, code } = await runCommand(clock, ['meters', 'try', made.profile, ...words]);
    if (wrong.try === undefined) {
      expect(stderr).toMatch(wrong.says);
      expect(stderr).toMatch(wrong.remedy);
      expect(code).toBe(1);
    } else expect(stdout).toMatch(wrong.try);
  });
});

test.each(Object.entries(wrongs).filter(([, { scan }]) => scan !== undefined))(
  '%s is told by meters scan',
  async (_, wrong) => {
    const port = await wrong.port();
    const words = ['--addresses', '1', '--speeds', '115200', '--timeout', '40', '--listen', '150'];
    const { stdout } = await runCommand(clock, ['meters', 'scan', port, ...words]);
    expect(stdout).toMatch(wrong.scan instanceof RegExp ? wrong.scan : wrong.says);
    if (wrong.scan === 'alike') expect(stdout).toMatch(wrong.remedy);
  },
);

test('a line at another speed than its device: check names the right one, a scan writes it', async () => {
  const far = farModbus(uart('19200 8N1'), uart('9600 8N1'));
  closing.push(() => far.close());
  const kit = homeKit(clock, {
    buses: [{ id: 'line', port: far.path, baudRate: 9600, timeout: '60ms' }],
    devices: [{ id: 'main', bus: 'line', profile: sdm.profile, address: 1, tries: 1 }],
  });
  closing.push(() => kit.remove());
  const checked = await kit.run('meters', 'check');
  expect(checked.stdout).toMatch(/METER_NO_ANSWER: .*address 1, did not answer within/);
  expect(checked.stdout).toMatch(/METER_ANSWERS_OTHERWISE: .*\n.*: baudRate: 19200, parity: none \(19200 8N1\)/);
  const scanned = await runCommand(clock, ['meters', 'scan', far.path, '--addresses', '1', '--listen', '50']);
  expect(scanned.stdout).toMatch(/^\+ Eastron SDM630 at address 1, 19200 8N1 on/m);
  expect(scanned.stdout).toContain('baudRate: 19200');
});

test('a port that the user may not open names the group to join, to whichever command', async () => {
  const port = await serial(sdm);
  const kit = homeKit(clock, {
    buses: [{ id: 'line', port, ...line }],
    devices: [{ id: 'main', bus: 'line', profile: sdm.profile, address: 1 }],
  });
  closing.push(() => kit.remove());
  chmodSync(kit.folder, 0o755);
  const outcomes = await asNobody(port, async () => [
    await kit.run('meters', 'check'),
    await runCommand(clock, ['meters', 'try', sdm.profile, '--port', port]),
    await runCommand(clock, ['meters', 'scan', port]),
  ]);
  for (const { stdout, stderr, code } of outcomes) {
    expect(stdout + stderr).toMatch(/PORT_NO_PERMISSION\b.*may not open/);
    expect(stdout + stderr).toMatch(/Join the group that may, .*: sudo usermod -aG \w+ \w+/);
    expect(code).toBe(1);
  }
});

/** Root may open whatever it likes, so be somebody else for a moment. */
async function asNobody<T>(port: string, work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  else chmodSync(port, 0);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
    else chmodSync(port, 0o620);
  }
}
