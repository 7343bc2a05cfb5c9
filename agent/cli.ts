/**
 * The household's commands. All but `agent run` talk to the running agent; those that only read also work without it.
 */
import type { Command } from 'commander';
import type { Clock } from '../broker/protocol/clock.ts';
import { backupCommands } from './cli/backup.ts';
import { dataCommands } from './cli/data.ts';
import { doctorCommand } from './cli/doctor.ts';
import { enrolCommand, ledgerCommand, shareCommands, tariffCommand } from './cli/household.ts';
import { metersCommands } from './cli/meters.ts';
import { plugsCommands } from './cli/plugs.ts';
import { runCommands } from './cli/run.ts';
import { tensorsCommands } from './cli/tensors.ts';
import { tensorsAddCommand } from './cli/tensors-add.ts';

/** @param clock what `agent run` runs on */
export function agentCommands(program: Command, clock: Clock): void {
  runCommands(program, clock, () => import('./main.ts'));
  enrolCommand(program, clock);
  metersCommands(program, clock);
  plugsCommands(program, clock);
  tensorsAddCommand(tensorsCommands(program, clock), clock);
  ledgerCommand(program, clock);
  shareCommands(program, clock);
  dataCommands(program, clock);
  doctorCommand(program, clock);
  backupCommands(program, clock);
  const known = program.commands.find((command) => command.name() === 'tariff');
  tariffCommand(known ?? program.command('tariff').description('prices of energy'), clock);
}
