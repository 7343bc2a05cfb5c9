/**
 * `wattveil meters check`: what is wrong with each device, and what to do.
 */
import type { Command } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { Checked } from '../check-meters.ts';
import { type AgentOptions, configOf, orError, withJson } from './at-agent.ts';
import { plain, print, printJson } from './print.ts';

export function metersCheckCommand(group: Command, clock: Clock): void {
  withJson(group.command('check').description('say of each device what is wrong and what to do'))
    .addHelpText(
      'after',
      `
While the agent runs its own readings are looked at; else each device is read here, and one that does not answer is
looked for at other speeds. Ends with 1 if anything is wrong.

Examples:
  wattveil meters check
  wattveil meters check --json | jq '.[] | select(.problems != [])'`,
    )
    .action((options: AgentOptions) =>
      orError(options, async () => {
        const { checkMeters } = await import('../check-meters.ts');
        const checked = await checkMeters(await configOf(options), clock);
        if (options.json) printJson(checked);
        else print(checked.length === 0 ? 'No devices are configured.' : checked.map(text).join('\n'));
        if (checked.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
      }),
    );
}

function text({ id, problems }: Checked): string {
  if (problems.length === 0) return `+ ${id}: well`;
  return problems
    .map(({ code, says, remedy }) => `! ${id}: ${code}: ${plain(says)}\n  What to do: ${plain(remedy)}`)
    .join('\n');
}
