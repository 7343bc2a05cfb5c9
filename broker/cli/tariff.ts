/**
 * `wattveil tariff set`: prices from an opened round.
 */
import { type Command, Option } from 'commander';
import type { Outcome } from '../sdk/operator-link.ts';
import { instantArgument } from './arguments.ts';
import { atBroker, type BrokerOptions, brokerOptions } from './at-broker.ts';
import { instant, table } from './print.ts';

interface TariffOptions extends BrokerOptions {
  readonly formula: string;
  readonly round: string;
  readonly unit: 'Wh' | 'kWh';
  readonly currency: string;
  readonly from?: number;
}

/** @param group `tariff`, which the agent's commands share */
export function tariffCommand(group: Command): void {
  brokerOptions(
    group.command('set').description('set a cohort’s prices from an opened round, and publish them (utility)'),
  )
    .requiredOption('--round <round>', 'the round whose sum it is made from; its cohort gets the tariff')
    .requiredOption('--formula <formula>', 'hundredths of the currency per kWh, from mean, sum and contributors')
    .addOption(new Option('--unit <unit>', 'of mean and sum in the formula').choices(['kWh', 'Wh']).default('kWh'))
    .option('--currency <code>', 'ISO 4217', 'EUR')
    .addOption(
      new Option('--from <instant>', 'where the first price begins (default: the stretch running now)').argParser(
        instantArgument,
      ),
    )
    .addHelpText(
      'after',
      `
One price per slot of the round, each as long as its slot. Without --from they hold for the stretch that is running
now: for a round over a whole day, today. A formula has + - * / ^ ( ), min, max, round, sqrt, if .. then .. else.

Example:
  wattveil tariff set --round 4f0c0e4e6f1d4c3f8a55d1a0b7c21e90 --formula '0.5*mean+5'`,
    )
    .action((options: TariffOptions) => {
      const { formula, round, unit, currency, from } = options;
      const ask = { type: 'tariff' as const, formula, round, unit, currency, ...(from !== undefined && { from }) };
      return atBroker(options, (link) => link.request(ask), tariffText);
    });
}

function tariffText({ tariff, centsPerKwh }: Outcome<'tariff'>): string {
  const { intervalPeriod, payloadDescriptors } = tariff.event;
  const from = Date.parse(intervalPeriod.start);
  const stepMs = (tariff.until - from) / centsPerKwh.length;
  const currency = payloadDescriptors?.[0]?.currency ?? '';
  const head = ['from', currency === 'EUR' ? 'ct/kWh' : `${currency}/100 per kWh`];
  const rows = centsPerKwh.map((cents, slot) => [instant(from + slot * stepMs), cents.toFixed(4)]);
  return `tariff ${tariff.sequence} of ${tariff.cohort}, until ${instant(tariff.until)}\n${table(head, rows)}`;
}
