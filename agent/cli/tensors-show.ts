/**
 * `wattveil tensors show`: a tensor's values, slot by slot.
 */
import { type Command, Option } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { TensorShown, TensorSlot } from '../control/commands.ts';
import { countArgument, instantArgument, stepArgument, zoneArgument } from './arguments.ts';
import { type AgentOptions, atAgent, orError, withJson } from './at-agent.ts';
import { amount, local, print, printJson, shownUnit, table, zone as zoneText } from './print.ts';
import { type GridOptions, gridsOf } from './shown-grid.ts';

interface ShowOptions extends AgentOptions, GridOptions {
  readonly csv?: boolean;
}

export function showCommand(group: Command, clock: Clock): void {
  withJson(group.command('show').description('show a tensor’s values, slot by slot; they stay in this house'))
    .argument('<name>', 'of the tensor')
    .addOption(new Option('--from <instant>', 'where the first slot begins').argParser(instantArgument))
    .addOption(
      new Option('--step <length>', 'of a slot: 15m, 1h, 6h; 1d is a day of the calendar').argParser(stepArgument),
    )
    .addOption(new Option('--slots <count>', 'how many; left out: up to now').argParser(countArgument))
    .addOption(
      new Option('--zone <name>', 'of the days and times: Europe/Berlin (default: this machine’s)').argParser(
        zoneArgument,
      ),
    )
    .addOption(new Option('--csv', 'as comma-separated values, times in UTC').conflicts('json'))
    .addHelpText(
      'after',
      `
Without a grid: the slots that were entered, or a device's last 24 hours. A slot that readings do not cover whole has
no value, and no sum is made of it. Why it is not covered:
  gap        no reading is near enough to one of its edges, or within it where power is measured
  reset      the counter began to count anew
  clock      it was not known what time it was
  not over   it has not ended yet
  condensed  its readings are so old that only longer slots are kept of them
An energy is derived where its device counts none: it is worked out from its power.

Examples:
  wattveil tensors show fridge
  wattveil tensors show fridge --from 2026-11-23 --step 6h --slots 4
  wattveil tensors show fridge --from 2026-03-01 --step 1d --slots 31 --zone Europe/Berlin
  wattveil tensors show fridge --step 15m --csv > fridge.csv`,
    )
    .action((id: string, options: ShowOptions) =>
      orError(options, async () => {
        const grids = gridsOf(options, clock.now());
        const shown = await atAgent(options, clock, 'tensors show', { id, ...(grids && { grids }) });
        if (options.json) printJson(shown);
        else print(options.csv ? csvOf(shown) : textOf(shown, options.zone));
      }),
    );
}

function textOf({ tensor, shape, slots }: TensorShown, zone: string | undefined): string {
  const unit = shownUnit(tensor.unit);
  const rows = slots.map(({ from, until, value, uncovered }) => [
    local(from, zone),
    local(until, zone),
    value === undefined ? `not covered: ${uncovered}` : amount(value, tensor.unit),
  ]);
  const published = tensor.published ? 'published' : 'not published';
  const covered = slots.filter(({ value }) => value !== undefined).length;
  return [
    `${tensor.id}: ${tensor.description || tensor.quantity}, ${tensor.tags.join(' ')}, ${published}`,
    `${tensor.quantity}${tensor.derived ? ' (derived from power)' : ''} in ${unit}, shape [${shape.join(', ')}], ${covered} of ${slots.length} slots covered`,
    table(['from', 'until', unit], rows),
    `(${zoneText(zone)})`,
  ].join('\n');
}

/** Can be read again by `tensors add`. */
function csvOf({ tensor, slots }: TensorShown): string {
  const derived = String(tensor.derived);
  const line = ({ from, until, value, uncovered }: TensorSlot) =>
    [new Date(from).toISOString(), new Date(until).toISOString(), value ?? '', uncovered ?? '', derived].join(',');
  return [`from,until,${tensor.quantity}_${tensor.unit},uncovered,derived`, ...slots.map(line)].join('\n');
}
