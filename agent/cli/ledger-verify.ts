/**
 * `wattveil ledger verify`: whether what is stored bears out what the ledger says.
 */
import type { Command } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import { AgentError } from '../errors.ts';
import type { LedgerCheck } from '../store/ledger-records.ts';
import { type AgentOptions, atAgent, orError, withJson } from './at-agent.ts';
import { plain, print, printJson } from './print.ts';

/** @param ledger the command that it belongs to */
export function ledgerVerifyCommand(ledger: Command, clock: Clock): void {
  withJson(ledger.command('verify').description('check the ledger against the bytes that were received and sent'))
    .addHelpText(
      'after',
      `
Checks signatures and hashes of every round, that each report and answer is the one that was sent, that the set that was
answered has this home's own report in it, and that the hours noted as released are those of the report. Finds what was
damaged, lost or changed; ends with 1 if anything is wrong. What was received and sent in a round is forgotten once the
home's agreement key in it is erased, a month or two later: of such a round, that there is a report for these hours, that
no hour is in two, which set was answered, and the signed result.

Example:
  wattveil ledger verify`,
    )
    .action((_: unknown, command: Command) => {
      // What is given before the word "verify" belongs to the ledger, and means the same.
      const options = command.optsWithGlobals<AgentOptions>();
      return orError(options, async () => {
        const check = await atAgent(options, clock, 'ledger verify', {});
        if (options.json) printJson(check);
        else print(checkText(check));
        if (check.discrepancies.length === 0) return;
        if (options.json) process.exitCode = 1;
        else throw new AgentError('LEDGER_DIFFERS', { count: check.discrepancies.length });
      });
    });
}

function checkText({ reports, answers, results, forgotten, discrepancies }: LedgerCheck): string {
  const older =
    forgotten === 0
      ? ''
      : `, and of ${forgotten} older ${forgotten === 1 ? 'round' : 'rounds'} the hours and the set: what was sent there is no longer held, for this home’s key in it is erased`;
  const looked = `Checked ${reports} reports, ${answers} answers and ${results} results${older}`;
  if (discrepancies.length === 0) return `${looked}: what is stored is what the ledger says.`;
  const lines = discrepancies.map(({ round, code, says }) => plain(`round ${round}: ${code}: ${says}`));
  return [`${looked}:`, ...lines].join('\n');
}
