/**
 * `wattveil schedules …`: sums that a cohort is asked for by itself, several times a day.
 */

import { type Command, Option } from 'commander';
import { given } from '../given.ts';
import type { ScheduleRow, ScheduleRun } from '../protocol/schedule.ts';
import type { Ask, OperatorLink } from '../sdk/operator-link.ts';
import { countArgument, durationArgument } from './arguments.ts';
import { atBroker, type BrokerOptions, brokerOptions } from './at-broker.ts';
import { amount, instant, plain, unitShown } from './print.ts';

type AddAsk = Extract<Ask, { type: 'schedule-add' }>;

interface AddOptions extends BrokerOptions, Partial<Pick<AddAsk, 'minimum' | 'quantity' | 'unit' | 'limit'>> {
  readonly zone: string;
  readonly times: number;
  readonly spread?: number;
  readonly variance?: true;
  readonly histogram?: true;
  readonly formula?: string;
  readonly formulaUnit?: 'kWh' | 'Wh';
  readonly currency?: string;
}

export function schedulesCommands(program: Command): void {
  const schedules = program.command('schedules').description('sums that are asked for by themselves, each day');
  addCommand(schedules);
  brokerOptions(schedules.command('list').description('list them, with the last run and the next'))
    .option('--cohort <cohort>', 'only those of one cohort')
    .addHelpText('after', '\nExample:\n  wattveil schedules list --cohort feeder-7')
    .action((options: BrokerOptions & { cohort?: string }) => {
      const cohort = options.cohort === undefined ? {} : { cohort: options.cohort };
      return atBroker(
        options,
        (link) => link.request({ type: 'schedules', ...cohort }),
        (reply) => reply.schedules.map(scheduleText).join('\n') || 'There are no schedules yet.',
      );
    });
  change(schedules, 'pause', 'ask for nothing more until it is resumed; a round that runs goes on', (link, schedule) =>
    link.request({ type: 'schedule-pause', schedule }),
  );
  change(schedules, 'resume', 'go on; slots that fell due meanwhile are left out', (link, schedule) =>
    link.request({ type: 'schedule-resume', schedule }),
  );
  brokerOptions(schedules.command('remove <schedule>').description('forget it; a round that runs goes on'))
    .addHelpText('after', '\nExample:\n  wattveil schedules remove feeder-7-tariff')
    .action((schedule: string, options: BrokerOptions) =>
      atBroker(
        options,
        (link) => link.request({ type: 'schedule-remove', schedule }),
        () => `${schedule} is removed.`,
      ),
    );
}

function addCommand(schedules: Command): void {
  brokerOptions(
    schedules
      .command('add <schedule> <cohort> <tag...>')
      .description('ask a cohort for a sum several times a day, each time over the slot that has just ended'),
  )
    .requiredOption('--zone <zone>', 'the cohort’s time zone, like Europe/Berlin: its day is cut by the clock there')
    .addOption(
      new Option('--times <count>', 'slots of a day, 1 to 96, each of whole minutes')
        .argParser(countArgument)
        .makeOptionMandatory(),
    )
    .option('--formula <formula>', 'make a tariff of each sum: hundredths of the currency per kWh, from mean, sum, …')
    .addOption(new Option('--formula-unit <unit>', 'of mean and sum in the formula').choices(['kWh', 'Wh']))
    .option('--currency <code>', 'of the tariff, ISO 4217 (default: EUR)')
    .addOption(new Option('--minimum <homes>', 'fewest contributors (default: the broker’s)').argParser(countArgument))
    .option('--quantity <quantity>', 'what is summed (default: energyImport)')
    .option('--unit <unit>', 'its unit (default: Wh)')
    .addOption(
      new Option('--limit <steps>', 'largest value of one home (default: from the catalogues)').argParser(
        countArgument,
      ),
    )
    .option('--variance', 'the variance over homes too (30 contributors at least)')
    .option('--histogram', 'how homes spread over 8 ranges; homes have to allow it (100 contributors at least)')
    .addOption(
      new Option('--spread <duration>', 'cohorts are asked within so long after a slot’s end (default: 10m)').argParser(
        durationArgument,
      ),
    )
    .addHelpText(
      'after',
      `
The prices hold for the slot that runs when the sum is known. After an outage the newest slot is asked for, once; those
before it can be asked for by hand: wattveil rounds open. On days when the clock is changed slots are longer or shorter.

Example:
  wattveil schedules add feeder-7-tariff feeder-7 '#energy-consumption' --zone Europe/Berlin --times 4 --formula '0.5*mean+5'`,
    )
    .action((schedule: string, cohort: string, tags: string[], options: AddOptions) => {
      const { zone, times: timesPerDay } = options;
      const ask: AddAsk = { type: 'schedule-add', schedule, cohort, tags, zone, timesPerDay, ...chosen(options) };
      return atBroker(
        options,
        (link) => link.request(ask),
        (reply) => scheduleText(reply.schedule),
      );
    });
}

function chosen(options: AddOptions): Partial<AddAsk> {
  const { minimum, quantity, unit, limit, spread, variance, histogram, formula, formulaUnit, currency } = options;
  const statistics = variance === true || histogram === true ? given({ variance, histogram }) : undefined;
  const tariff = formula === undefined ? undefined : given({ formula, unit: formulaUnit, currency });
  return given({ minimum, quantity, unit, limit, spread, statistics, tariff });
}

function change(
  schedules: Command,
  how: 'pause' | 'resume',
  description: string,
  ask: (link: OperatorLink, schedule: string) => Promise<{ readonly schedule: ScheduleRow }>,
): void {
  brokerOptions(schedules.command(`${how} <schedule>`).description(description))
    .addHelpText('after', `\nExample:\n  wattveil schedules ${how} feeder-7-tariff`)
    .action((schedule: string, options: BrokerOptions) =>
      atBroker(
        options,
        (link) => ask(link, schedule),
        (reply) => scheduleText(reply.schedule),
      ),
    );
}

function scheduleText(row: ScheduleRow): string {
  const { schedule, cohort, timesPerDay, zone, quantity, tags, tariff, next, last } = row;
  const made = tariff === undefined ? '' : `; tariff ${tariff.formula}`;
  const lines = [
    `${schedule} (${cohort}): ${timesPerDay} times a day by ${zone}, ${quantity} of ${tags.join(' ')}${made}`,
    ...(last === undefined ? ['  last: none yet'] : runLines(last, row)),
    next === undefined
      ? '  next: none, it is paused'
      : `  next: at ${instant(next.at)}, for ${instant(next.from)} to ${instant(next.until)}`,
  ];
  return lines.map(plain).join('\n');
}

function runLines(run: ScheduleRun, { unit }: ScheduleRow): string[] {
  const { from, until, state, round, reason, mean, contributors, centsPerKwh, error, missed } = run;
  const means = mean?.map((value) => `${amount(value, unit)} ${unitShown(unit)}`).join(', ');
  const parts = [
    reason === undefined ? state : `${state}, ${reason}`,
    ...(means === undefined ? [] : [`mean ${means} over ${contributors ?? 0} homes`]),
    ...(centsPerKwh === undefined ? [] : [`price ${centsPerKwh.map((cents) => cents.toFixed(4)).join(', ')}`]),
    ...(round === undefined ? [] : [`round ${round}`]),
  ];
  return [
    `  last: ${instant(from)} to ${instant(until)}: ${parts.join('; ')}`,
    ...(error === undefined ? [] : [`    ${error.code}: ${error.says}`, `    ${error.remedy}`]),
    ...(missed === 0 ? [] : [`    ${missed} slots before it were left out, while nothing ran`]),
  ];
}
