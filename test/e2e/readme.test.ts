/** What the README says, done: its blocks of commands are run as they stand, on a port of their own. */

import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, wattveilPath } from '../../scripts/story/processes.ts';
import { byHand, openReadyStreet } from '../../scripts/story/ready.ts';
import { freePort, type Street } from '../../scripts/story/street.ts';

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
  homes*|roster*|search*|rounds*|"tariff set") exec "${process.execPath}" "${wattveilPath}" "$@" --broker mqtt://127.0.0.1:${port} ;;
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

  it('leads to a tariff in a street of one’s own', { timeout: 180_000 }, async () => {
    const port = await freePort();
    const text = blocks('sh street')
      .replaceAll('mqtt://127.0.0.1:1883', `mqtt://127.0.0.1:${port}`)
      .replace("echo 'dataDir: ./utility' >", `printf 'dataDir: ./utility\\nlisten: { port: ${port} }\\n' >`);
    expect(text).toContain('rounds open');
    const { code, output } = await runScript(text, await commandsOn(port), 150_000);
    expect(output).toContain('opened: 3 contributors of 3 homes');
    // The means of the four slots are 4.9, 4.7, 7.6667 and 7.5667 kWh.
    for (const price of ['7.4500', '7.3500', '8.8333', '8.7833']) expect(output).toContain(price);
    expect(output).toContain('released');
    expect(code, output).toBe(0);
  });

  describe('on a street that is ready', () => {
    let street: Street;
    let port = 0;

    beforeAll(async () => {
      street = await openReadyStreet(join(folder, 'ready'), { people: byHand });
      port = Number(new URL(street.brokerUrl).port);
    }, 120_000);
    afterAll(() => street?.close());

    it('gets a search and a sum with nothing but mosquitto’s tools', async () => {
      const { code, output } = await runScript(blocks('sh mqtt'), await commandsOn(port), 40_000);
      expect(output).toContain('"matched":3');
      const result = JSON.parse(
        output.split('\n').find((line) => line.includes('"type":"result"') && line.includes('"mean"')) ?? '{}',
      );
      expect(result).toMatchObject({ state: 'opened', contributors: 3, sum: [33700, 38000, 55500, 34200] });
      expect(code, output).toBe(0);
    });

    it('has an example for developers that runs, up to the hours that were given already', async () => {
      const path = join(root, 'test', 'e2e', `readme-sdk-${port}.ts`);
      await writeFile(path, blocks('ts sdk').replace('mqtt://127.0.0.1:1883', street.brokerUrl));
      try {
        const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', path]);
        expect(stdout).toContain('alice total');
        expect(stderr).toContain('declined');
      } finally {
        await rm(path);
      }
    });
  });
});
