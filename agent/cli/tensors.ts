/**
 * `wattveil tensors list|show|publish|withdraw|remove`: what this home has, and what it agrees to publish.
 */
import { type Command, Option } from 'commander';
import type { Clock, EpochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import type { TensorRow, TensorShown } from '../control/commands.ts';
import { AgentError } from '../errors.ts';
import { countArgument, durationArgument, instantArgument } from './arguments.ts';
import { type AgentOptions, atAgent, orError, withConfig, withJson } from './at-agent.ts';
import { amount, local, print, printJson, shownUnit, table, zone } from './print.ts';

interface ShowOptions extends AgentOptions {
  readonly from?: EpochMs;
  readonly step?: number;
  readonly slots?: number;
}

/** @returns the group */
export function tensorsCommands(program: Command, clock: Clock): Command {
  const group = program.command('tensors').description('what this home has to be summed, and what it publishes');
  listCommand(group, clock);
  showCommand(group, clock);
  publishCommand(group, clock);
  withdrawCommand(group, clock);
  removeCommand(group, clock);
  return group;
}

function listCommand(group: Command, clock: Clock): void {
  withJson(group.command('list').description('show all tensors of this home'))
    .addHelpText('after', '\nExample:\n  wattveil tensors list')
    .action((options: AgentOptions) =>
      orError(options, async () => {
        const tensors = await atAgent(options, clock, 'tensors list', {});
        if (options.json) printJson(tensors);
        else print(listText(tensors));
      }),
    );
}

function showCommand(group: Command, clock: Clock): void {
  withJson(group.command('show').description('show a tensor’s values, slot by slot; they stay in this house'))
    .argument('<name>', 'of the tensor')
    .addOption(new Option('--from <instant>', 'where the first slot begins').argParser(instantArgument))
    .addOption(new Option('--step <length>', 'of a slot: 15m, 1h, 6h').argParser(durationArgument))
    .addOption(new Option('--slots <count>', 'how many').argParser(countArgument))
    .addHelpText(
      'after',
      `
Without a grid: the slots that were entered, or a device's last 24 hours. A slot that readings do not cover whole has
no value, and no sum is made of it.

Examples:
  wattveil tensors show fridge
  wattveil tensors show fridge --from 2026-11-23 --step 6h --slots 4`,
    )
    .action((id: string, options: ShowOptions) =>
      orError(options, async () => {
        const grid = gridOf(options);
        const shown = await atAgent(options, clock, 'tensors show', { id, ...(grid && { grid }) });
        if (options.json) printJson(shown);
        else print(shownText(shown));
      }),
    );
}

function publishCommand(group: Command, clock: Clock): void {
  withConfig(group.command('publish').description('let a tensor be summed with those of other homes'))
    .argument('<name>', 'of the tensor')
    .addOption(
      new Option('--since <instant>', 'from when on its data may be used (default: a device’s from now on)').argParser(
        instantArgument,
      ),
    )
    .addHelpText(
      'after',
      `
The coordinator then sees its name, tags, description, unit and how much data there is: never a value. Values leave
the house only inside a sum over at least policy.minContributors homes, and only while sharing is on (wattveil share
on). What was entered by hand may be used whole.

Examples:
  wattveil tensors publish fridge
  wattveil tensors publish fridge --since 2026-11-01`,
    )
    .action((id: string, options: AgentOptions & { since?: EpochMs }) =>
      orError({}, async () => {
        const { since } = options;
        const tensor = await atAgent(options, clock, 'tensors publish', { id, ...(since !== undefined && { since }) });
        print(`${id} is published; its data from ${local(tensor.consentFrom ?? 0)} on may be used in sums.`);
      }),
    );
}

function withdrawCommand(group: Command, clock: Clock): void {
  withConfig(group.command('withdraw').description('publish a tensor no longer'))
    .argument('<name>', 'of the tensor')
    .addHelpText(
      'after',
      `
From now on no round gets anything of it. What was summed before stays summed.

Example:
  wattveil tensors withdraw fridge`,
    )
    .action((id: string, options: AgentOptions) =>
      orError({}, async () => {
        await atAgent(options, clock, 'tensors withdraw', { id });
        print(`${id} is not published any more.`);
      }),
    );
}

function removeCommand(group: Command, clock: Clock): void {
  withConfig(group.command('remove').description('forget a tensor that was entered by hand'))
    .argument('<name>', 'of the tensor')
    .addHelpText(
      'after',
      `
Its values are deleted. Its name is never used again: what was released under it stays known as released.

Example:
  wattveil tensors remove bulb-23-nov`,
    )
    .action((id: string, options: AgentOptions) =>
      orError({}, async () => {
        await atAgent(options, clock, 'tensors remove', { id });
        print(`${id} is removed.`);
      }),
    );
}

/** @throws {AgentError} FIELD_MALFORMED */
function gridOf({ from, step, slots }: ShowOptions): Grid | undefined {
  if (from === undefined && step === undefined && slots === undefined) return undefined;
  if (from !== undefined && step !== undefined) return { from, step, slots: slots ?? 1 };
  throw new AgentError('FIELD_MALFORMED', { field: 'grid', why: 'give --from and --step together, and --slots' });
}

function listText(tensors: readonly TensorRow[]): string {
  if (tensors.length === 0) return 'There are no tensors: configure one of a device, or: wattveil tensors add --help';
  const rows = tensors.map((tensor) => [
    tensor.id,
    tensor.tags.join(' '),
    `${tensor.quantity} ${tensor.unit}`,
    tensor.device === undefined ? 'by hand' : tensor.device,
    `${tensor.shape.join('×')}`,
    tensor.until > tensor.from ? `${local(tensor.from)} – ${local(tensor.until)}` : '',
    tensor.consentFrom === undefined ? 'no' : `from ${local(tensor.consentFrom)}`,
    tensor.description,
  ]);
  const head = ['name', 'tags', 'quantity', 'device', 'held', 'span', 'published', 'description'];
  return `${table(head, rows)}\n(${zone()})`;
}

function shownText({ tensor, slots }: TensorShown): string {
  const unit = shownUnit(tensor.unit);
  const rows = slots.map(({ from, until, value }) => [
    local(from),
    local(until),
    value === undefined ? 'not covered' : amount(value, tensor.unit),
  ]);
  const published = tensor.published ? 'published' : 'not published';
  const title = `${tensor.id}: ${tensor.description || tensor.quantity}, ${tensor.tags.join(' ')}, ${published}`;
  return `${title}\n${table(['from', 'until', unit], rows)}\n(${zone()})`;
}
