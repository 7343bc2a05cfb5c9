/**
 * The utility's commands. All but `broker run` are JSON on the operator topics, nothing else.
 */
import type { Command } from 'commander';
import { homesCommands, rosterCommands, searchCommand } from './cli/homes.ts';
import { roundsCommands } from './cli/rounds.ts';
import { runCommand } from './cli/run.ts';
import { schedulesCommands } from './cli/schedules.ts';
import { tariffCommand } from './cli/tariff.ts';
import type { Clock } from './protocol/clock.ts';

/** @param clock what `broker run` runs on */
export function brokerCommands(program: Command, clock: Clock): void {
  runCommand(program, clock, () => import('./main.ts'));
  homesCommands(program);
  rosterCommands(program);
  searchCommand(program);
  roundsCommands(program);
  schedulesCommands(program);
  const known = program.commands.find((command) => command.name() === 'tariff');
  tariffCommand(known ?? program.command('tariff').description('prices of energy'));
}
