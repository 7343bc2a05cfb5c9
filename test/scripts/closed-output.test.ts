import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeP1 } from '../../hardware/simulator/p1-telegram.ts';

test('a command whose reader has seen enough ends without a word', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'closed-')), 'recording');
  const p1 = writeP1({ version: '5', serial: 'E1', at: 0, importWh: 1500, exportWh: 0, watts: 0, volts: 230 });
  writeFileSync(file, Buffer.concat(Array.from({ length: 2000 }, () => p1)));
  const words = ['--import', 'tsx', 'scripts/wattveil.ts', 'meters', 'decode', '--format', 'dsmr', file];
  const command = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  command.stderr.on('data', (text) => (told += String(text)));
  command.stdout.once('data', () => command.stdout.destroy());
  expect(await once(command, 'exit')).toEqual([141, null]);
  expect(told).toBe('');
}, 60_000);
