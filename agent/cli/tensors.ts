/**
 * `wattveil tensors list|remove`, and the group of all commands on what this home has.
 */
import type { Command } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { TensorRow } from '../control/commands.ts';
import { tagArgument } from './arguments.ts';
import { type AgentOptions, atAgent, orError, withConfig, withJson } from './at-agent.ts';
import { local, print, printJson, table, zone } from './print.ts';
import { publishCommand, withdrawCommand } from './tensors-publish.ts';
import { showCommand } from './tensors-show.ts';
import { treeCommand } from './tensors-tree.ts';

/** @returns the group */
export function tensorsCommands(program: Command, clock: Clock): Command {
  const group = program.command('tensors').description('what this home has to be summed, and what it publishes');
  listCommand(group, clock);
  showCommand(group, clock);
  treeCommand(group, clock);
  publishCommand(group, clock);
  withdrawCommand(group, clock);
  removeCommand(group, clock);
  return group;
}

function listCommand(group: Command, clock: Clock): void {
  withJson(group.command('list').description('show the tensors of this home'))
    .argument('[tags...]', 'only those that have all of these, in quotes', tagArgument)
    .addHelpText(
      'after',
      `
Examples:
  wattveil tensors list
  wattveil tensors list '#energy-consumption' '#fridge'`,
    )
    .action((tags: string[] | undefined, options: AgentOptions) =>
      orError(options, async () => {
        const tensors = await atAgent(options, clock, 'tensors list', tags === undefined ? {} : { tags });
        if (options.json) printJson(tensors);
        else print(tensors.length > 0 ? listText(tensors) : noneText(tags));
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

function noneText(tags: readonly string[] = []): string {
  if (tags.length > 0) return `No tensor of this home has ${tags.length > 1 ? 'all of ' : ''}${tags.join(' ')}.`;
  return 'There are no tensors: configure one of a device, or: wattveil tensors add --help';
}

function listText(tensors: readonly TensorRow[]): string {
  const rows = tensors.map((tensor) => [
    tensor.id,
    tensor.tags.join(' '),
    `${tensor.quantity} ${tensor.unit}${tensor.derived ? ', derived' : ''}`,
    tensor.device === undefined ? 'by hand' : tensor.device,
    `${tensor.shape.join('×')}`,
    tensor.until > tensor.from ? `${local(tensor.from)} – ${local(tensor.until)}` : '',
    tensor.consentFrom === undefined ? 'no' : `from ${local(tensor.consentFrom)}`,
    tensor.description,
  ]);
  const head = ['name', 'tags', 'quantity', 'device', 'held', 'span', 'published', 'description'];
  return `${table(head, rows)}\n(${zone()})`;
}
