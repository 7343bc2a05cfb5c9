/**
 * `wattveil meters read`: what the devices say, and which do not.
 */
import type { Command } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { MeterRow, MetersReading } from '../control/commands.ts';
import { formatDuration } from '../duration.ts';
import { type AgentOptions, atAgent, orError, withJson } from './at-agent.ts';
import { metersCheckCommand } from './meters-check.ts';
import { metersDecodeCommand } from './meters-decode.ts';
import { metersScanCommand } from './meters-scan.ts';
import { metersTryCommand } from './meters-try.ts';
import { watchMeters } from './meters-watch.ts';
import { amount, local, plain, print, printJson, shownUnit, table, zone } from './print.ts';

export function metersCommands(program: Command, clock: Clock): void {
  const group = program.command('meters').description('the devices of this home');
  metersScanCommand(group);
  metersTryCommand(group);
  metersCheckCommand(group, clock);
  metersDecodeCommand(group);
  withJson(group.command('read').description('show the last reading of each device, and what keeps it from the next'))
    .option('--watch', 'go on, with the age of each value, until Ctrl-C')
    .addHelpText(
      'after',
      `
Shows what the running agent read last; it goes on reading by itself, each device by its pollEvery. While no agent
runs, the last stored readings are shown.

Examples:
  wattveil meters read
  wattveil meters read --watch
  wattveil meters read --json | jq '.devices[] | select(.failure)'`,
    )
    .action((options: AgentOptions & { readonly watch?: boolean }) =>
      orError(options, async () => {
        if (options.watch) return watchMeters(() => atAgent(options, clock, 'meters read', {}));
        const reading = await atAgent(options, clock, 'meters read', {});
        if (options.json) printJson(reading);
        else print(metersText(reading));
      }),
    );
}

function metersText({ devices, now, live }: MetersReading): string {
  if (devices.length === 0) return 'No devices are configured.';
  const rows = devices.map((device) => [
    device.id,
    device.at === undefined ? 'never' : local(device.at),
    valuesOf(device),
  ]);
  const failures = devices.flatMap((device) => failureLines(device, now));
  const old = live ? devices.flatMap((device) => staleLine(device, now)) : [];
  return [table(['device', 'read at', 'values'], rows), ...old, ...failures, `(${zone()})`].join('\n');
}

function valuesOf({ measured }: MeterRow): string {
  return measured
    .map(({ quantity, unit, value }) => `${quantity} ${amount(value, unit)} ${shownUnit(unit)}`)
    .join(', ');
}

function failureLines({ id, failure }: MeterRow, now: number): string[] {
  if (failure === undefined || failure.until !== undefined) return [];
  const { code, says, remedy, since, tries } = failure;
  const seconds = Math.max(1, Math.round((now - since) / 1000));
  return [
    `! ${id}: ${code}, for ${formatDuration(seconds * 1000)}, ${tries} ${tries === 1 ? 'try' : 'tries'}: ${plain(says)}`,
    `  What to do: ${plain(remedy)}`,
  ];
}

/** A value is not shown as fresh that is not. */
function staleLine({ id, at, pollEveryMs, failure }: MeterRow, now: number): string[] {
  if (at === undefined || failure !== undefined || now - at <= 3 * pollEveryMs) return [];
  return [`! ${id}: this reading is old; the device is polled every ${formatDuration(pollEveryMs)}`];
}
