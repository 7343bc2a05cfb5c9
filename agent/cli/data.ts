/**
 * `wattveil data export|delete`: what is held of this home, to take out or to do away with.
 */
import { type Command, Option } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { Asks } from '../control/commands.ts';
import { AgentError } from '../errors.ts';
import type { Held } from '../store/held-data.ts';
import type { WrittenInstant } from '../tensors/local-instant.ts';
import { instantArgument, instantOf } from './arguments.ts';
import { type AgentOptions, atAgent, orError, withConfig, withJson, withReader } from './at-agent.ts';
import { isAgreed, isAtTerminal } from './confirm.ts';
import { exportTo } from './data-export.ts';
import { local, plain, print, table } from './print.ts';

interface DataOptions extends AgentOptions {
  readonly device?: string;
  readonly from?: WrittenInstant;
  readonly until?: WrittenInstant;
  readonly all?: boolean;
  readonly yes?: boolean;
}

export function dataCommands(program: Command, clock: Clock): void {
  const group = program.command('data').description('all that is held of this home');
  exportCommand(group, clock);
  deleteCommand(group, clock);
}

const withRange = (command: Command): Command =>
  command
    .option('--device <name>', 'only of this device, by its id or serial number')
    .addOption(new Option('--from <instant>', 'only from then on').argParser(instantArgument))
    .addOption(new Option('--until <instant>', 'only before').argParser(instantArgument));

function exportCommand(group: Command, clock: Clock): void {
  withRange(withJson(group.command('export').description('write out all readings and all that was entered by hand')))
    .argument('[file]', 'a new file, for your eyes only (default: standard output)')
    .addHelpText(
      'after',
      `
As comma-separated values, instants in UTC. Readings have the instant they were taken at, values entered by hand the
slot. A note says where a counter was not believed, or began anew; and where readings are so old that only quarters of
an hour are kept: what a counter stood at, or the mean of a power. Of devices that are no longer configured, too.
What left the house is told by: wattveil ledger --json

Examples:
  wattveil data export everything.csv
  wattveil data export --device fridge --from 2026-11-01 --until 2026-12-01 > november.csv`,
    )
    .action((file: string | undefined, options: DataOptions) =>
      orError(options, async () => {
        const wanted = wantedBy(options);
        const rows = await withReader(options, clock, async (ask) => {
          const held = await ask('data held', wanted);
          return exportTo(file, held, { ask, wanted, json: options.json === true });
        });
        if (file !== undefined && !options.json) print(`${rows} rows are in ${file}.`);
      }),
    );
}

function deleteCommand(group: Command, clock: Clock): void {
  withRange(withConfig(group.command('delete').description('delete readings and what was entered by hand, for good')))
    .option('--all', 'everything')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
It is overwritten in the database, not only marked as free; what an SD card keeps of blocks that it has replaced no
program can reach, nor can it the backups you made. What a counter counted in a stretch that is deleted can still be
told from what it shows after.
The ledger stays, and with it which hours were released: no hour is released twice, even when its readings are gone.

Examples:
  wattveil data delete --device fridge
  wattveil data delete --from 2026-11-01 --until 2026-12-01
  wattveil data delete --all --yes`,
    )
    .action((options: DataOptions) =>
      orError({}, async () => {
        const wanted = wantedBy(options);
        if (options.all !== true && Object.keys(wanted).length === 0) throw new AgentError('DELETE_WHAT');
        const held = await atAgent(options, clock, 'data held', wanted);
        print(heldText(held));
        // Also where nothing is held: an earlier deletion may have left traces behind.
        if (options.yes !== true && !isAtTerminal()) throw new AgentError('DELETE_UNCONFIRMED');
        if (!(await isAgreed('Delete it for good?', options))) return print('Nothing is deleted.');
        const { readings, entered, releases } = await atAgent(options, clock, 'data delete', wanted);
        print(`Deleted: ${readings} readings, ${entered} values entered by hand.`);
        print(
          `The ledger stays, with ${releases} releases: what was summed stays summed, and is released to nobody again.`,
        );
      }),
    );
}

function wantedBy({ device, from, until }: DataOptions): Asks<'data held'> {
  return {
    ...(device !== undefined && { device }),
    ...(from && { from: instantOf(from) }),
    ...(until && { until: instantOf(until) }),
  };
}

function heldText({ series, entered }: Held): string {
  if (series.length + entered.length === 0) return 'Nothing is held of it.';
  const rows = [
    ...series.map(({ device, serial = '', quantity, from, until }) => [
      device,
      serial,
      quantity,
      local(from),
      local(until),
    ]),
    ...entered.map(({ tensor, quantity, from, until }) => [tensor, 'by hand', quantity, local(from), local(until)]),
  ];
  return `Held of it:\n${table(
    ['of', 'serial', 'quantity', 'from', 'until'],
    rows.map((row) => row.map(plain)),
  )}`;
}
