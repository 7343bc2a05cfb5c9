import { mkdirSync, mkdtempSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nameAll } from '../../../hardware/bus/list-ports.ts';
import { holderOf } from '../../../hardware/bus/port-holder.ts';
import { openBus, openDevice } from '../../../hardware/open-device.ts';
import { never } from '../never.ts';
import { startForeign } from '../peers/foreign.ts';
import { startRemoteSimulator } from '../remote-simulator.ts';

/** A tree as udev makes it; of two adapters with one id, the link is the later one's. */
function machine() {
  const root = mkdtempSync(join(tmpdir(), 'dev-'));
  const names = { byId: join(root, 'by-id'), byPath: join(root, 'by-path') };
  mkdirSync(names.byId);
  mkdirSync(names.byPath);
  const path = (name: string) => join(root, name);
  for (const name of ['ttyUSB0', 'ttyUSB1', 'ttyUSB2', 'ttyS0']) writeFileSync(path(name), '');
  symlinkSync('../ttyUSB0', join(names.byId, 'usb-FTDI_A'));
  symlinkSync('../ttyUSB2', join(names.byId, 'usb-CH340'));
  symlinkSync('../ttyUSB1', join(names.byPath, 'hub-port1'));
  symlinkSync('../ttyUSB2', join(names.byPath, 'hub-port2'));
  const found = [
    { path: path('ttyUSB0'), pnpId: 'usb-FTDI_A' },
    { path: path('ttyUSB1'), pnpId: 'usb-CH340' },
    { path: path('ttyUSB2'), pnpId: 'usb-CH340' },
    { path: path('ttyS0') },
  ];
  return { names, found, path };
}

test('a port is named by its id, two that share one by where they are plugged in, one without by its path', () => {
  const { names, found, path } = machine();
  expect(nameAll(found, names).map(({ name }) => name)).toEqual([
    join(names.byId, 'usb-FTDI_A'),
    join(names.byPath, 'hub-port1'),
    join(names.byPath, 'hub-port2'),
    path('ttyS0'),
  ]);
});

test('who has a port open is named where the system shows it', () => {
  const { path } = machine();
  const processes = mkdtempSync(join(tmpdir(), 'proc-'));
  mkdirSync(join(processes, '4711/fd'), { recursive: true });
  writeFileSync(join(processes, '4711/comm'), 'mbpoll\n');
  symlinkSync(path('ttyUSB1'), join(processes, '4711/fd/5'));
  expect(holderOf(path('ttyUSB1'), processes)).toBe('process 4711 (mbpoll)');
  expect(holderOf(path('ttyUSB0'), processes)).toBe('another program');
  // One that only has it open comes before it, but does not lock it.
  mkdirSync(join(processes, '1000/fd'), { recursive: true });
  writeFileSync(join(processes, '1000/comm'), 'less\n');
  symlinkSync(path('ttyUSB1'), join(processes, '1000/fd/3'));
  const { ino } = statSync(path('ttyUSB1'));
  writeFileSync(join(processes, 'locks'), `1: FLOCK  ADVISORY  WRITE 4711 00:06:${ino} 0 EOF\n`);
  expect(holderOf(path('ttyUSB1'), processes)).toBe('process 4711 (mbpoll)');
  expect(holderOf('/dev/nowhere', processes)).toBe('another program');
});

test('a port that another program holds is busy, and says who', async () => {
  const devices = [{ address: 1, profile: 'eastron-sdm120', load: 0 }];
  const simulator = await startRemoteSimulator({ devices }, 0);
  const script = `
    import { SerialPort } from 'serialport';
    setInterval(() => {}, 1000);
    new SerialPort({ path: ${JSON.stringify(simulator.path)}, baudRate: 9600 }).on('open', () => console.log('open'));`;
  const other = await startForeign(process.execPath, ['--input-type=module', '-e', script], /open/);
  const bus = openBus({ port: simulator.path });
  const error = await openDevice({ bus, address: 1, profile: 'eastron-sdm120' })
    .read(never)
    .catch((thrown: unknown) => thrown);
  await bus.close();
  await other.end();
  await simulator.unplug();
  expect(error).toMatchObject({ code: 'PORT_BUSY', says: expect.stringMatching(/in use by process \d+ \(\S+\)/) });
});
