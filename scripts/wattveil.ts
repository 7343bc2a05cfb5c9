#!/usr/bin/env node
/**
 * The command `wattveil`: the commands of the agent, the broker and the simulator, with the clock they run on.
 */
import { Command, Option } from 'commander';
import { agentCommands } from '../agent/cli.ts';
import { brokerCommands } from '../broker/cli.ts';
import { type Clock, systemClock } from '../broker/protocol/clock.ts';
import { hardwareCommands } from '../hardware/cli.ts';
import { followClock } from './clock/stepping.ts';
import { version } from './version.ts';

const clockOption = () => new Option('--clock <path>', 'follow the clock that is stepped at this socket').hideHelp();

const program = new Command('wattveil')
  .description('Sums over many homes for the utility, readings for nobody.')
  .version(version)
  .addOption(clockOption())
  .showHelpAfterError('(wattveil --help lists the commands)')
  .configureHelp({ showGlobalOptions: false });

// Who reads the output has seen enough: wattveil … | head. To end as others do by SIGPIPE is no mistake to be told of.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

const clock = await clockOf(process.argv.slice(2));
agentCommands(program, clock);
brokerCommands(program, clock);
hardwareCommands(program, () => clock.now());
await program.parseAsync();

/** The clock has to be there before the commands are. */
async function clockOf(words: readonly string[]): Promise<Clock> {
  const early = new Command().addOption(clockOption()).allowUnknownOption();
  const { operands } = early.parseOptions([...words]);
  const socket = early.opts<{ clock?: string }>().clock;
  if (socket !== undefined) return followClock(socket, operands[0] === 'broker' ? 'broker' : 'agents');
  return systemClock((error) => {
    // Nobody else would hear of it: let the process end with it.
    setImmediate(() => {
      throw error;
    });
  });
}
