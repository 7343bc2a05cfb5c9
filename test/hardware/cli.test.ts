import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';

const bin = fileURLToPath(new URL('../../scripts/wattveil.ts', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulate-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function simulate(file: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', bin, 'simulate', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return { child, said };
}

test('wattveil simulate plays until it is interrupted, prints what an agent needs, and takes its links away', async () => {
  const file = join(folder, 'household.yaml');
  writeFileSync(
    file,
    'appliances: {}\nlines: [{ link: ./line, devices: [{ id: a, address: 1, profile: hiking-dds238 }] }]',
  );
  const { child, said } = simulate(file);
  const ended = once(child, 'exit');
  await expect.poll(() => said.stderr, { timeout: 30_000 }).toContain('until Ctrl-C');
  expect(existsSync(join(folder, 'line'))).toBe(true);
  expect(parse(said.stdout)).toMatchObject({ buses: [{ id: 'line', port: join(folder, 'line') }] });
  child.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(existsSync(join(folder, 'line'))).toBe(false);
}, 40_000);

test('wattveil simulate says what is wrong with a file, and what to do', async () => {
  const { child, said } = simulate(join(folder, 'none.yaml'));
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(said.stderr).toMatch(/^HOUSEHOLD_INVALID: .*none\.yaml.*\nWhat to do: .*wattveil simulate --help\n$/);
}, 40_000);
