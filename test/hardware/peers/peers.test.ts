/**
 * Peers that are not ours: our client reads pymodbus, mbpoll (libmodbus) and plain modbus-serial read our simulator.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import modbus from 'modbus-serial';
import { afterEach, expect, test } from 'vitest';
import { openBus, openDevice } from '../../../hardware/open-device.ts';
import { startTcpSimulator } from '../../../hardware/simulator/tcp-simulator.ts';
import { never } from '../never.ts';
import { startRemoteSimulator } from '../remote-simulator.ts';
import { freePort, runForeign, startForeign, startLine } from './foreign.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What an SDM120 holds: 230.25 V, 5 A, 1150 W, 50 Hz, 23.25 kWh, 1.5 kWh. */
const floats: readonly (readonly [number, number])[] = [
  [0x00, 230.25],
  [0x06, 5],
  [0x0c, 1150],
  [0x46, 50],
  [0x48, 23.25],
  [0x4a, 1.5],
];
const values = {
  voltage: 230.25,
  current: 5,
  power: 1150,
  frequency: 50,
  energyImport: 23_250,
  energyExport: 1500,
};

function registerFile(): string {
  const input: Record<string, number> = {};
  for (const [at, value] of floats) {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatBE(value);
    input[at] = bytes.readUInt16BE(0);
    input[at + 1] = bytes.readUInt16BE(2);
  }
  const path = join(mkdtempSync(join(tmpdir(), 'pymodbus-')), 'registers.json');
  writeFileSync(path, JSON.stringify({ input }));
  return path;
}

async function startPymodbus(kind: 'rtu' | 'tcp', where: string): Promise<void> {
  const script = fileURLToPath(new URL('pymodbus-server.py', import.meta.url));
  const server = await startForeign('/usr/bin/python3', [script, kind, where, registerFile()], /ready/);
  closing.push(() => server.end());
}

async function readFrom(port: string): Promise<unknown> {
  const bus = openBus({ port, timeoutMs: 1000 });
  closing.push(() => bus.close());
  const measured = await openDevice({ bus, address: 1, profile: 'eastron-sdm120', tries: 5 }).read(never);
  return Object.fromEntries(measured.map(({ quantity, value }) => [quantity, value]));
}

test('a pymodbus server is read over RTU, on a line made by socat', async () => {
  const line = await startLine();
  closing.push(() => line.end());
  const [ours, theirs] = line.ends;
  await startPymodbus('rtu', theirs);
  expect(await readFrom(ours)).toEqual(values);
});

test('a pymodbus server is read over Modbus TCP', async () => {
  const port = await freePort();
  await startPymodbus('tcp', String(port));
  // It says that it is ready just before it listens.
  await expect.poll(() => readFrom(`modbus-tcp://127.0.0.1:${port}`).catch(() => undefined)).toEqual(values);
});

const devices = [{ address: 7, profile: 'hiking-dds238', load: 1150, energyWh: 5000, since: 0 }];

test('mbpoll reads the simulator over RTU and over Modbus TCP', async () => {
  const serial = await startRemoteSimulator({ devices }, 0);
  closing.push(() => serial.unplug());
  const tcp = await startTcpSimulator({ devices, now: () => 0, framing: 'tcp' });
  closing.push(() => tcp.close());
  const question = ['-a', '7', '-t', '4', '-r', '13', '-c', '3', '-1', '-o', '1'];
  // Registers 0x0C to 0x0E, which mbpoll counts from 1: 230.0 V, 5.00 A, 1150 W.
  const answer = /\[13\]:\s+2300\s+\[14\]:\s+500\s+\[15\]:\s+1150/;
  expect(await runForeign('mbpoll', ['-m', 'rtu', '-b', '9600', '-P', 'none', ...question, serial.path])).toMatch(
    answer,
  );
  const { port } = new URL(tcp.port.replace('modbus-tcp', 'http'));
  expect(await runForeign('mbpoll', ['-m', 'tcp', '-p', port, ...question, '127.0.0.1'])).toMatch(answer);
});

test('plain modbus-serial reads the simulator over RTU, Modbus TCP and RTU over TCP', async () => {
  const serial = await startRemoteSimulator({ devices }, 0);
  closing.push(() => serial.unplug());
  const tcp = await startTcpSimulator({ devices, now: () => 0, framing: 'tcp' });
  const rtu = await startTcpSimulator({ devices, now: () => 0, framing: 'rtu' });
  closing.push(
    () => tcp.close(),
    () => rtu.close(),
  );
  const portOf = (url: string) => ({ port: Number(/(\d+)$/.exec(url)?.[1]) });
  const ways = [
    (client: InstanceType<typeof modbus.default>) => client.connectRTUBuffered(serial.path, { baudRate: 9600 }),
    (client: InstanceType<typeof modbus.default>) => client.connectTCP('127.0.0.1', portOf(tcp.port)),
    (client: InstanceType<typeof modbus.default>) => client.connectTelnet('127.0.0.1', portOf(rtu.port)),
  ];
  for (const connect of ways) {
    const client = new modbus.default();
    await connect(client);
    client.setID(7);
    client.setTimeout(1000);
    expect((await client.readHoldingRegisters(0x0c, 3)).data).toEqual([2300, 500, 1150]);
    await new Promise<void>((resolve) => client.close(() => resolve()));
  }
});
