/** A serial port that is closed, or goes away, in whatever it is doing. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { busDefaults } from '../../../hardware/bus/bus-config.ts';
import type { Connection } from '../../../hardware/bus/connection.ts';
import { serialEndpoint } from '../../../hardware/bus/serial-endpoint.ts';
import { openPty, type Pty } from '../../../hardware/simulator/pty.ts';

interface Opened {
  readonly pty: Pty;
  readonly connection: Connection;
  readonly heard: Buffer[];
  readonly gone: string[];
}

async function open(onHeard: (opened: Opened) => void = () => {}): Promise<Opened> {
  const pty = openPty();
  pty.wire.on('error', () => {});
  const [heard, gone] = [[] as Buffer[], [] as string[]];
  const connection: Connection = await serialEndpoint({ ...busDefaults, port: pty.path }).open({
    heard: (bytes) => {
      heard.push(Buffer.from(bytes));
      onHeard(opened);
    },
    gone: ({ code }) => gone.push(code),
  });
  const opened: Opened = { pty, connection, heard, gone };
  return opened;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test('what the other end says is heard, and what is sent gets there, however long it is', async () => {
  const { pty, connection, heard } = await open();
  const received: Buffer[] = [];
  const size = (pieces: readonly Buffer[]) => pieces.reduce((sum, { length }) => sum + length, 0);
  pty.say(Buffer.alloc(3000, 'a'));
  await until(() => size(heard) === 3000);
  // More than a terminal has room for, while nobody reads at the other end.
  connection.send(Buffer.alloc(20_000, 'b'));
  await setImmediate();
  pty.wire.on('data', (bytes: Buffer) => received.push(bytes));
  await until(() => size(received) === 20_000);
  expect(Buffer.concat(heard).equals(Buffer.alloc(3000, 'a'))).toBe(true);
  expect(Buffer.concat(received).equals(Buffer.alloc(20_000, 'b'))).toBe(true);
  await connection.close();
  pty.wire.destroy();
});

/** By then its owner has closed it. */
const handsOver = 'while it hands bytes over';

const moments: readonly (readonly [string, () => Promise<Opened>])[] = [
  ['while it waits for bytes', () => open()],
  [
    'when bytes are there that it has not read',
    async () => {
      const opened = await open();
      opened.pty.say(Buffer.alloc(100));
      return opened;
    },
  ],
  [
    handsOver,
    async () => {
      const opened = await open(({ connection }) => void connection.close());
      opened.pty.say(Buffer.alloc(100));
      await until(() => opened.heard.length > 0);
      return opened;
    },
  ],
  [
    'while it waits for room to write',
    async () => {
      const opened = await open();
      opened.connection.send(Buffer.alloc(20_000));
      await setImmediate();
      return opened;
    },
  ],
  [
    'while what came is flushed',
    async () => {
      const opened = await open();
      opened.pty.say(Buffer.alloc(100));
      void opened.connection.drop();
      return opened;
    },
  ],
];

test.each(moments)('closed %s it is closed, without a word', async (_, begin) => {
  const { pty, connection, heard, gone } = await begin();
  await connection.close();
  const before = heard.length;
  pty.say(Buffer.alloc(100));
  connection.send(Buffer.alloc(10));
  await connection.drop();
  await connection.close();
  await setImmediate();
  expect(heard).toHaveLength(before);
  expect(gone).toEqual([]);
  pty.wire.destroy();
});

test.each(moments.filter(([moment]) => moment !== handsOver))(
  'unplugged %s it is gone, said once',
  async (_, begin) => {
    const { pty, connection, gone } = await begin();
    pty.wire.destroy();
    await until(() => gone.length > 0);
    connection.send(Buffer.alloc(10));
    await connection.drop();
    await connection.close();
    await setImmediate();
    expect(gone).toEqual(['PORT_GONE']);
  },
);

test('closed at random moments of a talk, it hears nothing more and touches no file that has its number now', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'closed-'));
  const file = join(folder, 'file');
  writeFileSync(file, 'nothing of a port');
  for (let run = 0; run < 300; run++) {
    let closed = false;
    let late = 0;
    const { pty, connection, gone } = await open(() => {
      if (closed) late++;
    });
    for (let step = 0; step < run % 17; step++) {
      pty.say(Buffer.alloc(1 + step));
      connection.send(Buffer.alloc(8));
      if (step % 3 === 0) await setImmediate();
    }
    await connection.close();
    closed = true;
    const fds = Array.from({ length: 4 }, () => openSync(file, 'r+'));
    pty.say(Buffer.alloc(10));
    connection.send(Buffer.alloc(8));
    await setImmediate();
    for (const fd of fds) closeSync(fd);
    expect([late, gone]).toEqual([0, []]);
    pty.wire.destroy();
  }
  expect(readFileSync(file, 'utf8')).toBe('nothing of a port');
  rmSync(folder, { recursive: true });
});
