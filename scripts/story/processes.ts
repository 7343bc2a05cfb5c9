/**
 * Starting, watching and ending the processes of a play. Each is told apart by its name, ended by its id.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The compiled command, also when this file runs from its source. */
export const wattveilPath = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../wattveil.js' : '../../dist/scripts/wattveil.js', import.meta.url),
);

export interface Running {
  readonly name: string;
  readonly pid: number;
  /** Everything it has printed so far, line by line. */
  readonly lines: readonly string[];
  /** Resolves with the first line, printed already or later, that `matches`. */
  line(matches: (line: string) => boolean, timeoutMs?: number): Promise<string>;
  /** @returns the exit code, or the signal that ended it */
  end(signal?: NodeJS.Signals): Promise<number | string>;
  readonly ended: Promise<number | string>;
}

export function start(name: string, command: string, words: readonly string[]): Running {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  const hear = (line: string) => {
    lines.push(line);
    for (const listener of waiting) listener(line);
  };
  if (child.stdout !== null) createInterface(child.stdout).on('line', hear);
  if (child.stderr !== null) createInterface(child.stderr).on('line', hear);
  const ended = endOf(child);
  return {
    name,
    pid: child.pid ?? -1,
    lines,
    ended,
    line: (matches, timeoutMs = 60_000) =>
      new Promise((resolve, reject) => {
        const seen = lines.find(matches);
        if (seen !== undefined) return resolve(seen);
        const give = (outcome: () => void) => {
          clearTimeout(timer);
          waiting.delete(listener);
          outcome();
        };
        const listener = (line: string) => {
          if (matches(line)) give(() => resolve(line));
        };
        const fail = (why: string) => give(() => reject(new Error(`${name} ${why}; it printed:\n${lines.join('\n')}`)));
        const timer = setTimeout(() => fail(`did not print what was awaited in ${timeoutMs} ms`), timeoutMs);
        waiting.add(listener);
        void ended.then((code) => fail(`ended with ${code}`));
      }),
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

/** Starts `node dist/scripts/wattveil.js …`, to run on. */
export function startWattveil(name: string, words: readonly string[]): Running {
  return start(name, process.execPath, [wattveilPath, ...words]);
}

export interface Outcome {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function run(command: string, words: readonly string[], timeoutMs = 60_000): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes: Buffer) => {
      stdout += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal ?? 'unknown', stdout, stderr }));
  });
}

/** Runs `wattveil …` to its end. */
export function runWattveil(words: readonly string[], timeoutMs?: number): Promise<Outcome> {
  return run(process.execPath, [wattveilPath, ...words], timeoutMs);
}

function endOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.on('error', () => resolve('not started'));
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}
