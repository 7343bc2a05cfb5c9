/**
 * `wattveil tensors add`: values that were read off by hand.
 */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Clock, EpochMs } from '../../broker/protocol/clock.ts';
import type { Asks } from '../control/commands.ts';
import { formatDuration } from '../duration.ts';
import { AgentError, reasonOf } from '../errors.ts';
import { durationArgument, gathered, instantArgument } from './arguments.ts';
import { type AgentOptions, atAgent, orError, withConfig } from './at-agent.ts';
import { local, print } from './print.ts';

interface AddOptions extends AgentOptions {
  readonly tag: readonly string[];
  readonly describe: string;
  readonly quantity: string;
  readonly unit: string;
  readonly capacity: string;
  readonly from: EpochMs;
  readonly step: number;
  readonly file?: string;
}

export function tensorsAddCommand(group: Command, clock: Clock): void {
  withConfig(group.command('add').description('enter values by hand, one per slot'))
    .argument('<name>', 'of the tensor; never used again, so put the date or the year in it')
    .argument('[values...]', 'one per slot, plain decimals')
    .requiredOption('--tag <tag>', 'what a round finds it by; may be given several times', gathered)
    .requiredOption('--unit <unit>', 'of the values and the capacity: kWh, Wh, kW, W, A, V')
    .requiredOption(
      '--capacity <number>',
      'largest possible value: for energies in one hour (3.68 with kWh), else at all',
    )
    .addOption(
      new Option('--from <instant>', 'where the first slot begins').argParser(instantArgument).makeOptionMandatory(),
    )
    .addOption(
      new Option('--step <length>', 'of a slot: 15m, 1h, 6h, 1d').argParser(durationArgument).makeOptionMandatory(),
    )
    .option('--quantity <quantity>', 'what the values are', 'energyImport')
    .option('--describe <text>', 'for people, up to 200 bytes', '')
    .option('--file <path>', 'take the values from a file, one a line; - is standard input')
    .addHelpText(
      'after',
      `
Numbers are taken exactly as written; kWh are kept as Wh. One wrong value, and nothing is stored. A round can use the
slots as they are, or several of them together, never parts of one. They leave the house only once published.

Examples:
  wattveil tensors add bulb-23-nov --tag '#energy-consumption' --tag '#light-bulb' --unit kWh --capacity 3.68 \\
    --from 2026-11-23 --step 6h 3.0 2.5 6.7 4.5
  wattveil tensors add heating-2026 --tag '#heating' --unit kWh --capacity 9 --from 2026-01-01 --step 1d --file days.txt`,
    )
    .action((id: string, values: string[], options: AddOptions) =>
      orError({}, async () => {
        const tensor = await atAgent(options, clock, 'tensors add', askOf(id, values, options));
        const slots = `${tensor.shape[0]} slots of ${formatDuration(options.step)}`;
        print(`${id} is entered: ${slots}, ${local(tensor.from)} to ${local(tensor.until)}.`);
        print(`Nobody sees it yet. To let it be summed: wattveil tensors publish ${id}`);
      }),
    );
}

function askOf(id: string, values: readonly string[], options: AddOptions): Asks<'tensors add'> {
  const { tag, describe, quantity, unit, capacity, from, step, file } = options;
  const typed = values.map((text, index) => ({ text, where: `value ${index + 1}` }));
  const written = file === undefined ? typed : [...typed, ...linesOf(file)];
  return { id, tags: [...tag], description: describe, quantity, unit, capacity, from, stepMs: step, values: written };
}

/** @throws {AgentError} VALUES_UNREADABLE */
function linesOf(path: string): { text: string; where: string }[] {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new AgentError('VALUES_UNREADABLE', { path, why: reasonOf(error) }, { cause: error });
  }
  const name = path === '-' ? 'standard input' : path;
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ text: line, where: `${name}, line ${index + 1}` }))
    .filter(({ text: line }) => line.trim() !== '');
}
