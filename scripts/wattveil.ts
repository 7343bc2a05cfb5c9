#!/usr/bin/env node
/**
 * The command `wattveil`: the commands of the agent, the broker and the simulator, with the clock they run on.
 */
import { setFlagsFromString } from 'node:v8';
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

// Some words have to be understood before the commands are there.
const early = new Command().addOption(clockOption()).allowUnknownOption();
const [group, command] = early.parseOptions(process.argv.slice(2)).operands;
// It runs for years on a small machine: new objects get 2 MB instead of 32.
if (group === 'agent' && command === 'run') setFlagsFromString('--semi-space-growth-factor=1');
const clock = await clockOf(early.opts<{ clock?: string }>().clock);
// What was not typed is not loaded; the help, and who mistyped, need all.
const all = [agentCommands, brokerCommands, hardwareCommands].flatMap((commands) => Object.entries(commands));
const typed = all.filter(([word]) => word === group);
for (const [, add] of typed.length > 0 ? typed : all) await add(program, clock);
await program.parseAsync();

/** @param socket of a clock that is stepped */
async function clockOf(socket: string | undefined): Promise<Clock> {
  if (socket !== undefined) return followClock(socket, group === 'broker' ? 'broker' : 'agents');
  return systemClock((error) => {
    // Nobody else would hear of it: let the process end with it.
    setImmediate(() => {
      throw error;
    });
  });
}
