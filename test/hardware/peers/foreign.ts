/**
 * Programs that are not ours, as processes: each is ended with its test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Foreign {
  readonly said: () => string;
  end(): Promise<void>;
}

export async function startForeign(command: string, words: readonly string[], ready: RegExp): Promise<Foreign> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const hear = (bytes: Buffer) => {
    said += bytes.toString();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const deadline = performance.now() + 15_000;
  while (!ready.test(said)) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`${command} did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { said: () => said, end: () => ended(child) };
}

/** Runs it to its end. */
export async function runForeign(command: string, words: readonly string[]): Promise<string> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  await once(child, 'close');
  return said;
}

/** Two ends of one line, by socat. */
export async function startLine(): Promise<Foreign & { readonly ends: readonly [string, string] }> {
  const folder = mkdtempSync(join(tmpdir(), 'line-'));
  const ends = [join(folder, 'one'), join(folder, 'other')] as const;
  const words = ends.map((end) => `pty,rawer,link=${end}`);
  const line = await startForeign('socat', ['-d', '-d', ...words], /starting data transfer loop/);
  if (!ends.every((end) => existsSync(end))) throw new Error('socat made no line');
  return { ...line, ends };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await gone;
  clearTimeout(late);
}
