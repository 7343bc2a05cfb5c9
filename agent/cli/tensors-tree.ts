/**
 * `wattveil tensors tree`: the devices as they are wired one behind the other, and what none of them measures.
 */
import { type Command, Option } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { DeviceTree } from '../control/commands.ts';
import type { DeviceNode } from '../tensors/device-tree.ts';
import type { WrittenInstant } from '../tensors/local-instant.ts';
import { instantArgument, instantOf } from './arguments.ts';
import { type AgentOptions, atAgent, orError, withJson } from './at-agent.ts';
import { amount, local, print, printJson, shownUnit, table, zone } from './print.ts';

interface TreeOptions extends AgentOptions {
  readonly from?: WrittenInstant;
  readonly until?: WrittenInstant;
}

export function treeCommand(group: Command, clock: Clock): void {
  withJson(group.command('tree').description('show what each device took, and what hangs behind it'))
    .addOption(
      new Option('--from <instant>', 'from when on (default: the last 24 whole hours)').argParser(instantArgument),
    )
    .addOption(new Option('--until <instant>', 'and until when').argParser(instantArgument))
    .addHelpText(
      'after',
      `
A device is behind its parent in the configuration. The rest is what the parent measures and none of those behind it
does. A sum for the utility takes of nested devices only the outermost that matches what it asks for.

Examples:
  wattveil tensors tree
  wattveil tensors tree --from 2026-11-23 --until 2026-11-24`,
    )
    .action((options: TreeOptions) =>
      orError(options, async () => {
        const { from, until } = options;
        const tree = await atAgent(options, clock, 'tensors tree', {
          ...(from && { from: instantOf(from) }),
          ...(until && { until: instantOf(until) }),
        });
        if (options.json) printJson(tree);
        else print(textOf(tree));
      }),
    );
}

function textOf({ devices, from, until, unit }: DeviceTree): string {
  if (devices.length === 0) return 'No devices are configured.';
  const rows = devices.flatMap((node) => rowsOf(node, '', '', unit));
  const span = `${local(from)} – ${local(until)}`;
  return `${span}\n${table(['device', shownUnit(unit), 'tensors'], rows)}\n(${zone()})`;
}

function rowsOf(node: DeviceNode, lead: string, branch: string, unit: string): string[][] {
  const { device, tensors, value, uncovered, behind, rest } = node;
  const shown = value === undefined ? `not covered: ${uncovered}` : amount(value, unit);
  const below = lead + (branch === '' ? '' : branch === '├ ' ? '│ ' : '  ');
  const isLast = (index: number) => index === behind.length - 1 && rest === undefined;
  return [
    [`${lead}${branch}${device}`, shown, tensors.join(' ')],
    ...behind.flatMap((one, index) => rowsOf(one, below, isLast(index) ? '└ ' : '├ ', unit)),
    ...(rest === undefined ? [] : [[`${below}└ rest`, amount(rest, unit), 'not measured']]),
  ];
}
