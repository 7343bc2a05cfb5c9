/**
 * `wattveil plugs list|read|on|off`: the switches of this home, and what the meters behind them say.
 */
import type { Command } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { PlugRow } from '../control/commands.ts';
import { formatDuration } from '../duration.ts';
import { type AgentOptions, atAgent, orError, withJson } from './at-agent.ts';
import { amount, local, plain, print, printJson, remark, shownUnit, table, zone } from './print.ts';

export function plugsCommands(program: Command, clock: Clock): void {
  const group = program.command('plugs').description('the switches of this home');
  withJson(group.command('list').description('show all plugs, as they were last known'))
    .addHelpText(
      'after',
      `
Nothing is asked of the boards: the state shown is what a board said at the time beside it. A plug is a channel of a
relay board and, where the configuration names one, the meter behind it.

Example:
  wattveil plugs list`,
    )
    .action((options: AgentOptions) =>
      orError(options, async () => show(await atAgent(options, clock, 'plugs list', {}), options)),
    );
  withJson(group.command('read <plug>').description('ask the board whether a plug is on'))
    .addHelpText('after', '\nExample:\n  wattveil plugs read kettle')
    .action((id: string, options: AgentOptions) =>
      orError(options, async () => show([await atAgent(options, clock, 'plugs read', { id })], options)),
    );
  for (const word of ['on', 'off'] as const) {
    withJson(group.command(`${word} <plug>`).description(`turn a plug ${word}, and ask the board whether it is`))
      .addHelpText('after', `\nExample:\n  wattveil plugs ${word} kettle`)
      .action((id: string, options: AgentOptions) =>
        orError(options, async () => {
          const plug = await atAgent(options, clock, 'plugs set', { id, on: word === 'on' });
          if (options.json) printJson(plug);
          else if (plug.state === word) print(`${plain(plug.id)} is ${word}.`);
          else remark(`${plain(plug.id)} was told to be ${word}; its board does not say whether it is.`);
        }),
      );
  }
}

function show(plugs: readonly PlugRow[], { json }: AgentOptions): void {
  if (json) printJson(plugs);
  else print(plugs.length === 0 ? 'No plugs are configured.' : plugsText(plugs));
}

function plugsText(plugs: readonly PlugRow[]): string {
  const rows = plugs.map((plug) => [
    plug.id,
    plug.state,
    plug.at === undefined ? 'never' : local(plug.at),
    plug.safetyMs === undefined ? 'stays as it is' : `goes off after ${formatDuration(plug.safetyMs)}`,
    meteredText(plug),
  ]);
  const failures = plugs.flatMap(({ id, failure }) =>
    failure === undefined
      ? []
      : [`! ${id}: ${failure.code}: ${plain(failure.says)}`, `  What to do: ${plain(failure.remedy)}`],
  );
  const head = ['plug', 'state', 'said at', 'without the agent', 'meter behind it'];
  return [table(head, rows), ...failures, `(${zone()})`].join('\n');
}

function meteredText({ meter, metered }: PlugRow): string {
  if (meter === undefined) return '';
  if (metered === undefined) return `${meter}, not read yet`;
  const power = metered.measured.find(({ quantity }) => quantity === 'power');
  const shown = power === undefined ? '' : ` ${amount(power.value, power.unit)} ${shownUnit(power.unit)}`;
  return `${meter}${shown}, ${local(metered.at)}`;
}
