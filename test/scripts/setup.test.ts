import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ends } from '../ends.ts';

/** A checkout with nothing but the script, on a machine whose tools say what a test wants and do nothing. */
let checkout: string;
let bin: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'wattveil-setup-'));
  bin = join(checkout, 'bin');
  for (const folder of ['bin', 'scripts', 'node_modules']) mkdirSync(join(checkout, folder));
  cpSync('scripts/setup', join(checkout, 'scripts/setup'));
  writeFileSync(join(checkout, 'package-lock.json'), '{}');
  for (const name of ['npm', 'python3', 'make', 'g++', 'apt-get', 'sudo']) tool(name, `echo "ran ${name} $*"`);
});
afterEach(() => rmSync(checkout, { recursive: true }));

function tool(name: string, does: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${does}\n`);
  chmodSync(join(bin, name), 0o755);
}

function setup(): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('bash', [join(checkout, 'scripts/setup')], {
    ...ends,
    env: { PATH: `${bin}:/usr/bin:/bin` },
    encoding: 'utf8',
  });
  return { code: status, said: stdout + stderr };
}

describe('which Node.js will do', () => {
  test.each(['v18.20.4', 'v20.9.0', 'v20.11.1'])('%s is too old', (version) => {
    tool('node', `echo ${version}`);
    const { code, said } = setup();
    expect(code).toBe(1);
    expect(said).toMatch(`NODE_TOO_OLD: this is Node.js ${version}; WattVeil needs 20.12 or later.\nWhat to do: `);
    expect(said).not.toContain('ran npm');
  });

  test.each(['v20.12.0', 'v20.20.2', 'v22.0.0', 'v100.1.0'])('%s will', (version) => {
    tool('node', `echo ${version}`);
    const { code, said } = setup();
    expect(said).toContain('ran npm ci');
    expect(said).toContain('ran npm run --silent build');
    expect(code).toBe(0);
  });
});
