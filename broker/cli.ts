/**
 * The utility's commands, by their first word: each loads its own files only. All but `broker run` are JSON on the
 * operator topics, nothing else.
 */
import type { Command } from 'commander';
import type { Clock } from './protocol/clock.ts';

/** Adds one to the program. @param clock what `broker run` runs on */
type Add = (program: Command, clock: Clock) => Promise<void>;

export const brokerCommands: Readonly<Record<string, Add>> = {
  broker: async (program, clock) => {
    const { runCommand } = await import('./cli/run.ts');
    runCommand(program, clock, () => import('./main.ts'));
  },
  homes: async (program) => (await import('./cli/homes.ts')).homesCommands(program),
  roster: async (program) => (await import('./cli/homes.ts')).rosterCommands(program),
  search: async (program) => (await import('./cli/homes.ts')).searchCommand(program),
  rounds: async (program) => (await import('./cli/rounds.ts')).roundsCommands(program),
  schedules: async (program) => (await import('./cli/schedules.ts')).schedulesCommands(program),
  // A word of the household's, too: each adds its own below it.
  tariff: async (program) => {
    const { tariffCommand } = await import('./cli/tariff.ts');
    const known = program.commands.find((command) => command.name() === 'tariff');
    tariffCommand(known ?? program.command('tariff').description('prices of energy'));
  },
};
