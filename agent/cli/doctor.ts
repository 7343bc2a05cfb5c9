/**
 * `wattveil doctor`: what is wrong with this home, and what to do.
 */
import type { Command } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { Finding } from '../doctor/finding.ts';
import { type AgentOptions, configOf, orError, withJson } from './at-agent.ts';
import { plain, print, printJson } from './print.ts';

export function doctorCommand(program: Command, clock: Clock): void {
  withJson(program.command('doctor').description('look for what is wrong with this home, and say what to do'))
    .addHelpText(
      'after',
      `
Looks at the clock, the data folder, its disk and database, the ports, the last reading of each device, the link to the
broker, the certificate: beside a running agent, or without it. Changes nothing. Ends with 1 if anything is wrong (!);
what is marked ~ is only noted.

Examples:
  wattveil doctor
  wattveil doctor --json | jq '.[] | select(.state == "wrong")'`,
    )
    .action((options: AgentOptions) =>
      orError(options, async () => {
        const config = await configOf(options);
        const { examine } = await import('../doctor/examine.ts');
        const findings = await examine(config, clock);
        if (options.json) printJson(findings);
        else print(findings.map(textOf).join('\n'));
        if (findings.some(({ state }) => state === 'wrong')) process.exitCode = 1;
      }),
    );
}

function textOf(finding: Finding): string {
  const { check, says } = finding;
  if (finding.state === 'well') return `+ ${check}: ${plain(says)}`;
  const mark = finding.state === 'wrong' ? '!' : '~';
  return `${mark} ${check}: ${finding.code}: ${plain(says)}\n  What to do: ${plain(finding.remedy)}`;
}
