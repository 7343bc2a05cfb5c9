/** What the README says, done: its blocks of commands are run as they stand, on a port of their own. */

import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, wattveilPath } from '../../scripts/story/processes.ts';
import { freePort } from '../../scripts/story/street.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder = '';
let readme = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattveil-readme-'));
  readme = await readFile(join(root, 'README.md'), 'utf8');
});
afterAll(() => rm(folder, { recursive: true }));

/** The README's blocks with this mark, in their order. */
function blocks(mark: string): string {
  return [...readme.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .flatMap(([, info, text]) => (info === mark ? [text] : []))
    .join('\n');
}

/** The commands the README types, on another port than the usual one. */
async function commandsOn(port: number): Promise<string> {
  const bin = join(folder, `bin-${port}`);
  await mkdir(bin);
  const commands = {
    wattveil: `case "$1 $2" in
  homes*|roster*|search*|rounds*|schedules*|"tariff set") exec "${process.execPath}" "${wattveilPath}" "$@" --broker mqtt://127.0.0.1:${port} ;;
  *) exec "${process.execPath}" "${wattveilPath}" "$@" ;;
esac`,
    mosquitto_sub: `exec /usr/bin/mosquitto_sub -p ${port} "$@"`,
    mosquitto_pub: `exec /usr/bin/mosquitto_pub -p ${port} "$@"`,
  };
  for (const [name, text] of Object.entries(commands)) {
    await writeFile(join(bin, name), `#!/usr/bin/env bash\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return bin;
}

/** Runs a script in a process group of its own, and ends with it all that it has left running. */
function runScript(text: string, bin: string, timeoutMs: number): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const shell = spawn('bash', ['-euo', 'pipefail', '-c', text], {
      cwd: folder,
      detached: true,
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    });
    let output = '';
    for (const stream of [shell.stdout, shell.stderr])
      stream.on('data', (bytes: Buffer) => (output += bytes.toString()));
    const timer = setTimeout(endAll, timeoutMs);
    function endAll(): void {
      clearTimeout(timer);
      try {
        process.kill(-(shell.pid ?? Number.NaN), 'SIGTERM');
      } catch (error) {
        // Nothing of the group is left.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    shell.on('error', reject);
    shell.on('exit', endAll);
    shell.on('close', (code) => resolve({ code, output }));
  });
}

describe('the README', () => {
  it('names the two commands, and they are there', async () => {
    for (const command of ['scripts/demo', 'scripts/test']) {
      expect(readme).toContain(command);
      expect((await run('test', ['-x', join(root, command)])).code).toBe(0);
    }
  });

  it('leads through a street of one’s own, word by word', { timeout: 180_000 }, async () => {
    const port = await freePort();
    const url = `mqtt://127.0.0.1:${port}`;
    const developer = join(root, 'test', 'e2e', `readme-sdk-${port}.ts`);
    await writeFile(developer, blocks('ts sdk').replace('mqtt://127.0.0.1:1883', url));
    const text = [
      blocks('sh street')
        .replaceAll('mqtt://127.0.0.1:1883', url)
        .replace("echo 'dataDir: ./utility' >", `printf 'dataDir: ./utility\\nlisten: { port: ${port} }\\n' >`),
      'echo === mqtt',
      blocks('sh mqtt'),
      'echo === sdk',
      `(cd ${root} && ${process.execPath} --import tsx ${developer})`,
    ].join('\n');
    try {
      const { code, output } = await runScript(text, await commandsOn(port), 150_000);
      const [street = '', wire = '', sdk = ''] = output.split(/^=== .*$/m);
      expect(code, output).toBe(0);
      expect(street).toContain('opened: 3 contributors of 3 homes');
      // The means of the first day's slots are 4.9, 4.7, 7.6667 and 7.5667 kWh.
      for (const price of ['7.4500', '7.3500', '8.8333', '8.7833']) expect(street).toContain(price);
      expect(street).toContain('released');
      expect(wire).toContain('"matched":3');
      expect(wire).toMatch(/"sum":\[14300,14300,23500,21000\]/);
      expect(sdk).toMatch(/alice fridge-/);
      expect(sdk).toMatch(/\[ 14800, 14000, 22700, 22300 \] 3/);
    } finally {
      await rm(developer);
    }
  });
});
