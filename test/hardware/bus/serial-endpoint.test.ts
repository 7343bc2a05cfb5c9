import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HardwareError } from '../../../hardware/errors.ts';
import { openBus, openDevice } from '../../../hardware/open-device.ts';
import { type SerialSimulator, startSerialSimulator } from '../../../hardware/simulator/serial-simulator.ts';
import { never } from '../never.ts';

let simulator: SerialSimulator;
const folder = mkdtempSync(join(tmpdir(), 'serial-'));
const devices = [{ address: 1, profile: 'hiking-dds238', load: 100 }];

beforeAll(async () => {
  simulator = await startSerialSimulator({ devices, now: () => 0 });
});
afterAll(() => simulator.close());

async function failureOn(port: string): Promise<HardwareError> {
  const bus = openBus({ port });
  try {
    await openDevice({ bus, address: 1, profile: 'hiking-dds238' }).read(never);
  } catch (error) {
    if (error instanceof HardwareError) return error;
    throw error;
  } finally {
    await bus.close();
  }
  throw new Error(`${port} was read`);
}

test('a port that there is not is named, with those that there are', async () => {
  const port = '/dev/serial/by-id/usb-nobody-made-this';
  expect(await failureOn(port)).toMatchObject({
    code: 'PORT_NOT_FOUND',
    says: `there is no port ${port}`,
    remedy: expect.stringMatching(/Ports here: \S/),
  });
});

test('a port that another program holds is said to be in use', async () => {
  const bus = openBus({ port: simulator.path });
  await openDevice({ bus, address: 1, profile: 'hiking-dds238' }).read(never);
  expect(await failureOn(simulator.path)).toMatchObject({
    code: 'PORT_BUSY',
    remedy: expect.stringContaining('wattveil meters read'),
  });
  await bus.close();
  expect(await codeAfterClose()).toBe('read');
});

async function codeAfterClose(): Promise<string> {
  return failureOn(simulator.path).then(
    ({ code }) => code,
    () => 'read',
  );
}

test('a port that the user may not open names the group to join', async () => {
  // Root may open whatever it likes, so be somebody else for a moment.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  else chmodSync(simulator.path, 0);
  try {
    expect(await failureOn(simulator.path)).toMatchObject({
      code: 'PORT_NO_PERMISSION',
      remedy: expect.stringMatching(/^Join the group .*: sudo usermod -aG \w+ \w+$/),
    });
  } finally {
    if (isRoot) process.seteuid?.(0);
    else chmodSync(simulator.path, 0o620);
  }
});

test.each([
  ['a folder', () => folder],
  [
    'a file',
    () => {
      const path = join(folder, 'file');
      writeFileSync(path, '');
      return path;
    },
  ],
])('%s is no serial port', async (_, make) => {
  expect(await failureOn(make())).toMatchObject({
    code: 'PORT_FAILED',
    says: expect.stringMatching(/does not open: \S/),
  });
});
