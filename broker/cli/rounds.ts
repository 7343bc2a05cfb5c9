/**
 * `wattveil rounds …`: ask a cohort for a sum, and follow what becomes of it.
 */

import { type Command, Option } from 'commander';
import { given } from '../given.ts';
import type { Result } from '../protocol/json-messages.ts';
import { resolutionOf } from '../rounds/resolution.ts';
import { GridError } from '../sdk/errors.ts';
import type { Ask, Interim, OperatorLink } from '../sdk/operator-link.ts';
import {
  countArgument,
  dayArgument,
  durationArgument,
  type GridOptions,
  gridOf,
  type HistogramArgument,
  histogramArgument,
  inSteps,
  instantArgument,
} from './arguments.ts';
import { atBroker, type BrokerOptions, brokerOptions } from './at-broker.ts';
import { print } from './print.ts';
import { progressLine, resultText, roundsTable, roundText, standingLines } from './round-text.ts';

type RoundAsk = Extract<Ask, { type: 'round' }>;

interface StatisticsOptions {
  readonly variance?: boolean;
  readonly histogram?: HistogramArgument | true;
}
type OpenOptions = BrokerOptions &
  GridOptions &
  StatisticsOptions &
  Partial<Pick<RoundAsk, 'minimum' | 'quantity' | 'unit' | 'limit' | 'deadline' | 'expiry'>> & { watch?: boolean };

export function roundsCommands(program: Command): void {
  const rounds = program.command('rounds').description('sums over the homes of a cohort');
  openCommand(rounds);
  brokerOptions(rounds.command('list').description('list them, newest first'))
    .option('--cohort <cohort>', 'only those of one cohort')
    .addHelpText('after', '\nExample:\n  wattveil rounds list --cohort feeder-7')
    .action((options: BrokerOptions & { cohort?: string }) => {
      const cohort = options.cohort === undefined ? {} : { cohort: options.cohort };
      return atBroker(
        options,
        (link) => link.request({ type: 'rounds', ...cohort }),
        (reply) => roundsTable(reply.rounds),
      );
    });
  watchCommand(rounds);
  stopCommand(rounds);
  brokerOptions(rounds.command('show <round>').description('show one, with its result'))
    .addHelpText('after', '\nExample:\n  wattveil rounds show 4f0c0e4e6f1d4c3f8a55d1a0b7c21e90')
    .action((round: string, options: BrokerOptions) =>
      atBroker(
        options,
        (link) => link.request({ type: 'round-show', round }),
        ({ row, standing, result }) =>
          [roundText(row), ...standingLines(row, standing), ...(result === undefined ? [] : [resultText(result)])].join(
            '\n',
          ),
      ),
    );
}

function watchCommand(rounds: Command): void {
  brokerOptions(rounds.command('watch <round>').description('follow one to its end'))
    .addHelpText(
      'after',
      '\nEnds with 1 when the round fails.\n\nExample:\n  wattveil rounds watch 4f0c0e4e6f1d4c3f8a55d1a0b7c21e90',
    )
    .action((round: string, options: BrokerOptions) =>
      watched(options, (link, onInterim) => link.request({ type: 'round-watch', round }, onInterim)),
    );
}

function stopCommand(rounds: Command): void {
  brokerOptions(rounds.command('stop <round>').description('end one that has not opened; it fails, as stopped'))
    .addHelpText(
      'after',
      `
Nothing more is asked of its homes. Those that have reported have spent these hours all the same.

Example:
  wattveil rounds stop 4f0c0e4e6f1d4c3f8a55d1a0b7c21e90`,
    )
    .action((round: string, options: BrokerOptions) =>
      atBroker(
        options,
        (link) => link.request({ type: 'round-stop', round }),
        ({ row }) => roundText(row),
      ),
    );
}

function openCommand(rounds: Command): void {
  brokerOptions(
    rounds
      .command('open <cohort> <tag...>')
      .description('ask a cohort for the sum over tensors that have all the tags'),
  )
    .addOption(new Option('--day <date>', 'a whole day, UTC').argParser(dayArgument))
    .addOption(new Option('--from <instant>', 'where the first slot begins').argParser(instantArgument))
    .addOption(
      new Option('--step <duration>', 'length of a slot: 15m, 6h')
        .argParser(durationArgument)
        .default(6 * 3_600_000, '6h'),
    )
    .addOption(new Option('--slots <count>', 'how many; with --day as many as it has').argParser(countArgument))
    .addOption(
      new Option('--minimum <homes>', 'fewest contributors; the homes have a floor of their own').argParser(
        countArgument,
      ),
    )
    .option('--quantity <quantity>', 'what is summed: energyImport, energyExport, power, … (default: energyImport)')
    .option('--unit <unit>', 'its unit (default: Wh)')
    .addOption(
      new Option('--limit <steps>', 'largest value of one home in one slot (default: from the catalogues)').argParser(
        countArgument,
      ),
    )
    .option('--variance', 'the variance over homes too (30 contributors at least)')
    .addOption(
      new Option(
        '--histogram [start:width:buckets]',
        'how homes spread over 2 to 8 ranges, in the unit summed; homes have to allow it (100 contributors at least)',
      ).argParser(histogramArgument),
    )
    .addOption(new Option('--deadline <instant>', 'until when homes should report').argParser(instantArgument))
    .addOption(new Option('--expiry <instant>', 'when the round ends at the latest').argParser(instantArgument))
    .option('--watch', 'stay, show reports and answers as they come, and the result')
    .addHelpText(
      'after',
      `
What is left out is worked out from the homes’ catalogues and the broker’s configuration. Every home gives each hour
once, ever: a round over hours that were summed before gets no report. Ends with 1 when the round fails.

Examples:
  wattveil rounds open feeder-7 '#energy-consumption' --day 2026-11-23 --step 6h --watch
  wattveil rounds open feeder-7 '#energy-consumption' --day 2026-11-23 --variance --histogram 0:2000:8
  wattveil rounds open feeder-7 '#ev-charger' --from 2026-11-23T17:00:00Z --step 15m --slots 12 --minimum 30`,
    )
    .action(async (cohort: string, tags: string[], options: OpenOptions, command: Command) => {
      const grid = gridOf(options);
      const statistics = statisticsOf(options);
      if (typeof grid === 'string') command.error(`error: ${grid}`);
      else if (typeof statistics === 'string') command.error(`error: ${statistics}`);
      else await open({ type: 'round', cohort, tags, ...grid, ...chosen(options), ...statistics }, options);
    });
}

function chosen({ minimum, quantity, unit, limit, deadline, expiry }: OpenOptions): Partial<RoundAsk> {
  return given({ minimum, quantity, unit, limit, deadline, expiry });
}

/** @returns what to ask for, or what is wrong with it */
function statisticsOf(options: StatisticsOptions & Pick<OpenOptions, 'unit'>): Partial<RoundAsk> | string {
  const { variance, histogram, unit = 'Wh' } = options;
  const asked = variance === true ? { variance } : {};
  if (histogram === undefined) return variance === true ? { statistics: asked } : {};
  if (histogram === true) return { statistics: { ...asked, histogram } };
  const resolution = resolutionOf(unit);
  const [start, width] = [inSteps(histogram.start, resolution), inSteps(histogram.width, resolution)];
  if (start === undefined || width === undefined) return `buckets are whole numbers of ${10 ** resolution[1]} ${unit}`;
  return { resolution, statistics: { ...asked, histogram: { start, width, buckets: histogram.buckets } } };
}

async function open(ask: RoundAsk, options: OpenOptions): Promise<void> {
  if (options.watch !== true) {
    await atBroker(
      options,
      (link) => accepted(link, ask),
      ({ row }) => `${roundText(row)}\nFollow it: wattveil rounds watch ${row.round}`,
    );
    return;
  }
  await watched(options, (link, onInterim) => link.request(ask, onInterim));
}

/** Shows how a round goes on, then its result. */
async function watched(
  options: BrokerOptions,
  ask: (link: OperatorLink, onInterim: (reply: Interim) => void) => Promise<{ readonly result: Result }>,
): Promise<void> {
  const onInterim = (reply: Interim) => {
    if (options.json !== true) print(progressLine(reply.row));
  };
  const untilEnd = async (link: OperatorLink) => {
    const outcome = await ask(link, onInterim);
    if (outcome.result.state === 'failed') process.exitCode = 1;
    return outcome;
  };
  await atBroker(options, untilEnd, ({ result }) => resultText(result));
}

/** The round goes on without us. */
function accepted(link: OperatorLink, ask: RoundAsk): Promise<Interim> {
  return new Promise((resolve, reject) => {
    link.request(ask, resolve).catch((error: unknown) => {
      // Closed by this command, once it knows enough.
      if (!(error instanceof GridError && error.code === 'GRID_CLOSED')) reject(error);
    });
  });
}
