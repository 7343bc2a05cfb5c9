/** One home for tests: its configuration, its running agent, and its commands, run as a person would. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { vi } from 'vitest';
import { stringify } from 'yaml';
import { agentCommands } from '../../agent/cli.ts';
import { loadConfig } from '../../agent/config.ts';
import { type RunningAgent, runAgent } from '../../agent/main.ts';
import type { Clock } from '../../broker/protocol/clock.ts';
import { silentLog } from '../broker/silent-log.ts';
import { temporaryFolder } from './made-agent.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HomeKit {
  readonly folder: string;
  readonly configPath: string;
  readonly dataDir: string;
  start(log?: Logger): Promise<RunningAgent>;
  /** `wattveil …words --config …` in this process. */
  run(...words: readonly string[]): Promise<Outcome>;
  remove(): void;
}

/** @param settings of agent.yaml, beside a home `bob` whose broker is not there */
export function homeKit(clock: Clock, settings: object = {}): HomeKit {
  const made = temporaryFolder();
  const { folder } = made;
  const configPath = join(folder, 'agent.yaml');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    configPath,
    stringify({ home: 'bob', dataDir: './bob', broker: { url: 'mqtt://127.0.0.1:9' }, ...settings }),
  );
  return {
    folder,
    configPath,
    dataDir: join(folder, 'bob'),
    start: (log = silentLog) => runAgent(loadConfig(configPath), clock, log, '1.2.3'),
    run(...words) {
      const end = words.indexOf('--');
      const at = end < 0 ? words.length : end;
      return runCommand(clock, [...words.slice(0, at), '--config', configPath, ...words.slice(at)]);
    },
    remove: () => made.remove(),
  };
}

/** Runs one command, keeping what it prints. */
export async function runCommand(clock: Clock, words: readonly string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const keeper = (name: 'stdout' | 'stderr') => (text: string | Uint8Array) => {
    written[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
    return true;
  };
  const kept = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation(keeper(name)),
  );
  process.exitCode = undefined;
  try {
    const program = new Command('wattveil').exitOverride();
    for (const add of Object.values(agentCommands)) await add(program, clock);
    for (const command of allOf(program)) command.exitOverride();
    await program.parseAsync(['node', 'wattveil', ...words]);
  } catch (error) {
    // Commander's own way to end: what it has to say is written already.
    if (!(error instanceof Error && 'exitCode' in error)) throw error;
    process.exitCode = Number(error.exitCode);
  } finally {
    for (const one of kept) one.mockRestore();
  }
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { code, ...written };
}

export function allOf(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...allOf(one)]);
}
