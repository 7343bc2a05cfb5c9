/**
 * The household's commands, by their first word: each loads its own files only. All but `agent run` talk to the running
 * agent; those that only read also work without it.
 */
import type { Command } from 'commander';
import type { Clock } from '../broker/protocol/clock.ts';

/** Adds one to the program. @param clock what it runs on */
type Add = (program: Command, clock: Clock) => Promise<void>;

export const agentCommands: Readonly<Record<string, Add>> = {
  agent: async (program, clock) => {
    const { runCommands } = await import('./cli/run.ts');
    runCommands(program, clock, () => import('./main.ts'));
  },
  enrol: async (program) => (await import('./cli/household.ts')).enrolCommand(program),
  meters: async (program, clock) => (await import('./cli/meters.ts')).metersCommands(program, clock),
  plugs: async (program, clock) => (await import('./cli/plugs.ts')).plugsCommands(program, clock),
  tensors: async (program, clock) => {
    const [{ tensorsCommands }, { tensorsAddCommand }] = await Promise.all([
      import('./cli/tensors.ts'),
      import('./cli/tensors-add.ts'),
    ]);
    tensorsAddCommand(tensorsCommands(program, clock), clock);
  },
  ledger: async (program, clock) => (await import('./cli/household.ts')).ledgerCommand(program, clock),
  share: async (program, clock) => (await import('./cli/household.ts')).shareCommands(program, clock),
  data: async (program, clock) => (await import('./cli/data.ts')).dataCommands(program, clock),
  doctor: async (program, clock) => (await import('./cli/doctor.ts')).doctorCommand(program, clock),
  backup: async (program) => (await import('./cli/backup.ts')).backupCommand(program),
  restore: async (program, clock) => (await import('./cli/backup.ts')).restoreCommand(program, clock),
  // A word of the utility's, too: each adds its own below it.
  tariff: async (program, clock) => {
    const { tariffCommand } = await import('./cli/household.ts');
    const known = program.commands.find((command) => command.name() === 'tariff');
    tariffCommand(known ?? program.command('tariff').description('prices of energy'), clock);
  },
};
