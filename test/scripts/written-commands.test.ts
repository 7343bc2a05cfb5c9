/** Every command that is written down, in a README, a help text or an error's remedy, exists with its options. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { agentCommands } from '../../agent/cli.ts';
import { brokerCommands } from '../../broker/cli.ts';
import { epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import { hardwareCommands } from '../../hardware/cli.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = new Command('wattveil').version('0.0.0');
for (const commands of [agentCommands, brokerCommands, hardwareCommands]) {
  for (const add of Object.values(commands)) await add(program, new SteppedClock(epochMs(0)));
}

/** Files a person reads, and source files whose texts a person is shown. */
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => !/(^|\/)(node_modules|dist|coverage|\.git)(\/|$)/.test(path))
  .filter((path) => /README\.md$/.test(path) || /^(agent|broker|hardware|scripts)\/.*\.ts$/.test(path))
  .sort();

/** `wattveil word word --option`, where a command begins: a line, a code span, a bracket, after a colon. */
const written =
  /(?:^[ \t*]*|[`($'"] ?|: |\bor )wattveil ((?:[a-z][a-z-]*)(?: (?:[^\s`'"|)<>,;:.(]+|'[^']*'|"[^"]*"))*)/gm;

function commandsIn(path: string): readonly string[] {
  const text = readFileSync(join(root, path), 'utf8').replaceAll('\\\n', ' ');
  return [...text.matchAll(written)].map(([, words]) => words ?? '');
}

/** @returns what is wrong with it, or undefined */
function fault(words: readonly string[]): string | undefined {
  let command = program;
  let isValue = false;
  for (const word of words) {
    if (isValue) {
      isValue = false;
      continue;
    }
    if (word.startsWith('-')) {
      const [flag = '', value] = word.split('=');
      const known = ['--help', '-h', '--version', ...command.options.flatMap(({ long, short }) => [long, short])];
      if (!known.includes(flag)) return `${command.name()} has no option ${flag}`;
      const takes = command.options.find(({ long, short }) => flag === long || flag === short)?.required;
      isValue = takes === true && value === undefined;
      continue;
    }
    // A part that is filled in later.
    if (/[{$]/.test(word)) continue;
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next !== undefined) command = next;
    else if (command.commands.length > 0 && /^[a-z-]+$/.test(word)) return `${command.name()} has no command ${word}`;
  }
  return undefined;
}

/** Prose after a command's name is not part of it: only words up to the first that is no command, and all options. */
const rows = files.flatMap((path) => commandsIn(path).map((words) => [path, words] as const));

describe('a command that is written down', () => {
  it('is found where there are some', () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(fault('tensors publsh fridge'.split(' '))).toBe('tensors has no command publsh');
    expect(fault('rounds open a b --minmum 3'.split(' '))).toBe('open has no option --minmum');
  });

  it.each(rows)('exists: %s: wattveil %s', (_, words) => {
    expect(fault(words.split(/\s+/))).toBeUndefined();
  });
});
