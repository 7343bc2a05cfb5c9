/**
 * `wattveil enrol`, `ledger`, `share on|off`, `tariff show`: what a household has to do with its utility.
 */
import type { Command } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { Agent } from '../control/client.ts';
import type { EnrolmentStatus } from '../enroller.ts';
import { ToldError } from '../errors.ts';
import type { ShownTariff } from '../tariff.ts';
import { type AgentOptions, atAgent, orError, withAgent, withConfig, withJson } from './at-agent.ts';
import { ledgerText } from './ledger-text.ts';
import { ledgerVerifyCommand } from './ledger-verify.ts';
import { local, print, printJson, table, zone } from './print.ts';

export function enrolCommand(program: Command): void {
  withConfig(program.command('enrol').description('ask the utility to take this home into a cohort'))
    .option('--wait', 'until it is enrolled, or refused')
    .addHelpText(
      'after',
      `
The operator has to approve the home, by its fingerprint. The keys of the authority and the coordinator that come
back are pinned: from then on this home believes no others. Enrolling shares nothing: see wattveil share on.

Examples:
  wattveil enrol
  wattveil enrol --wait`,
    )
    .action((options: AgentOptions & { wait?: boolean }) =>
      orError({}, () =>
        withAgent(options, async (agent) => {
          const asked = await agent.ask('enrol', {});
          const { fingerprint, broker, connected } = await agent.ask('status', {});
          if (asked.state === 'enrolled') return print(enrolledText(asked));
          print(`Asked. Tell the operator this fingerprint, to compare: ${fingerprint}`);
          if (!connected) print(`The broker ${broker} is not reached now: the agent asks as soon as it is.`);
          if (options.wait) print(enrolledText(await enrolled(agent)));
        }),
      ),
    );
}

export function ledgerCommand(program: Command, clock: Clock): void {
  const ledger = withJson(
    program.command('ledger').description('show what left the house, in which sums, and what was refused'),
  )
    .addHelpText(
      'after',
      `
released: a report of this home's values, sealed in shares, for one sum.  answered: its share of a sum's opening; says
nothing of this home alone.  refused: what was asked and not done, with the reason.  Newest first.
"utility learned" is all that the utility can know from a sum: nothing of one home.

Examples:
  wattveil ledger
  wattveil ledger --json | jq '.[] | select(.kind == "refused")'`,
    )
    .action((options: AgentOptions) =>
      orError(options, async () => {
        const entries = await atAgent(options, clock, 'ledger', {});
        if (options.json) printJson(entries);
        else print(ledgerText(entries));
      }),
    );
  ledgerVerifyCommand(ledger, clock);
}

export function shareCommands(program: Command, clock: Clock): void {
  const group = program.command('share').description('whether this home takes part in sums');
  const said = {
    on: 'Sharing is on: published tensors may be summed with those of other homes.',
    off: 'Sharing is off: nothing more is reported. Sums that hold a report already are still helped to open.',
  };
  for (const word of ['on', 'off'] as const) {
    withConfig(group.command(word).description(word === 'on' ? 'take part in sums' : 'report to no more sums'))
      .addHelpText('after', `\nExample:\n  wattveil share ${word}`)
      .action((options: AgentOptions) =>
        orError({}, async () => {
          await atAgent(options, clock, 'share', { on: word === 'on' });
          print(said[word]);
        }),
      );
  }
}

/** @param group `tariff`, which the broker's commands share */
export function tariffCommand(group: Command, clock: Clock): void {
  withJson(group.command('show').description('show the prices that this home has received (household)'))
    .addHelpText('after', '\nExample:\n  wattveil tariff show')
    .action((options: AgentOptions) =>
      orError(options, async () => {
        const tariff = await atAgent(options, clock, 'tariff show', {});
        if (options.json) printJson(tariff);
        else print(tariff === null ? 'No tariff has come yet.' : tariffText(tariff));
      }),
    );
}

const lookEveryMs = 200;

async function enrolled(agent: Agent): Promise<EnrolmentStatus> {
  for (;;) {
    const { enrolment } = await agent.ask('status', {});
    if (enrolment.state === 'enrolled') return enrolment;
    if (enrolment.state === 'asked' && enrolment.refused !== undefined) throw new ToldError(enrolment.refused);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

function enrolledText(enrolment: EnrolmentStatus): string {
  if (enrolment.state !== 'enrolled') return '';
  const { cohort, authority, coordinator } = enrolment;
  return `Enrolled in ${cohort}. Pinned keys: authority ${authority}, coordinator ${coordinator}`;
}

function tariffText({ cohort, sequence, until, over, prices }: ShownTariff): string {
  const currency = prices[0]?.currency ?? 'EUR';
  const head = ['from', 'until', currency === 'EUR' ? 'ct/kWh' : `${currency}/100 per kWh`];
  const rows = prices.map((price) => [local(price.from), local(price.until), price.centsPerKwh.toFixed(4)]);
  const validity = over ? `was valid until ${local(until)}; none has followed` : `valid until ${local(until)}`;
  return `Tariff ${sequence} of ${cohort}, ${validity}\n${table(head, rows)}\n(${zone()})`;
}
