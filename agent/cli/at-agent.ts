/**
 * Carries a command to the running agent; where none runs, those that only read are answered from its database.
 */
import type { Command } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { AgentConfig } from '../config.ts';
import type { Agent } from '../control/client.ts';
import type { Asks, CommandName, Gives, ReadingCommand } from '../control/commands.ts';
import { socketPath } from '../data-paths.ts';
import { printError, remark } from './print.ts';

export interface AgentOptions {
  readonly config: string;
  readonly json?: boolean;
}

export function withConfig(command: Command): Command {
  return command.option('-c, --config <path>', 'configuration of the agent', 'agent.yaml');
}

export function withJson(command: Command): Command {
  return withConfig(command).option('--json', 'as JSON, times in UTC');
}

/** Loaded only now, as all that an action needs: the help needs no schemas. @throws {AgentError} CONFIG_* */
export async function configOf({ config }: Pick<AgentOptions, 'config'>): Promise<AgentConfig> {
  const { loadConfig } = await import('../config.ts');
  return loadConfig(config);
}

/** Runs the action of a command; what goes wrong is told, and the command ends with 1. */
export async function orError(options: { readonly json?: boolean }, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    printError(error, options.json === true);
    process.exitCode = 1;
  }
}

/** @throws {AgentError} CONFIG_*, AGENT_NOT_RUNNING, NEVER_STARTED, DATABASE_*; {ToldError} what the agent says */
export async function atAgent<Name extends CommandName>(
  options: AgentOptions,
  clock: Clock,
  command: Name,
  asks: Asks<Name>,
): Promise<Gives[Name]> {
  const { isReading } = await import('../control/commands.ts');
  if (!isReading(command)) return withAgent(options, (agent) => agent.ask(command, asks));
  return withReader(options, clock, (ask) => ask(command, asks as Asks<typeof command>) as Promise<Gives[Name]>);
}

/** For a command that asks more than once. @throws {AgentError} CONFIG_*, AGENT_NOT_RUNNING, AGENT_NOT_READY */
export async function withAgent<Given>(
  options: AgentOptions,
  action: (agent: Agent) => Promise<Given>,
): Promise<Given> {
  const [config, { findAgent }] = await Promise.all([configOf(options), import('../control/client.ts')]);
  const agent = await findAgent(socketPath(config.dataDir));
  if (agent === undefined) {
    // Only here: it loads the database.
    const { notAnswering } = await import('../data-folder.ts');
    throw notAnswering(config);
  }
  try {
    return await action(agent);
  } finally {
    agent.close();
  }
}

/** Asks what changes nothing, of the agent or of its database. */
export type Reader = <Name extends ReadingCommand>(command: Name, asks: Asks<Name>) => Promise<Gives[Name]>;

/**
 * For a command that only reads, more than once: all of it from the same agent, or the same opening of the database.
 * @throws {AgentError} CONFIG_*, NEVER_STARTED, DATABASE_*; {ToldError} what the agent says
 */
export async function withReader<Given>(
  options: AgentOptions,
  clock: Clock,
  action: (ask: Reader) => Promise<Given>,
): Promise<Given> {
  const [config, { findAgent }] = await Promise.all([configOf(options), import('../control/client.ts')]);
  const agent = await findAgent(socketPath(config.dataDir));
  if (agent === undefined) return withoutAgent(config, clock, action);
  try {
    return await action((command, asks) => agent.ask(command, asks));
  } finally {
    agent.close();
  }
}

async function withoutAgent<Given>(
  config: AgentConfig,
  clock: Clock,
  action: (ask: Reader) => Promise<Given>,
): Promise<Given> {
  // Only here: whoever talks to an agent needs no database.
  const { readOffline } = await import('../control/offline.ts');
  const given = await readOffline(config, clock, (handlers) =>
    action(async <Name extends ReadingCommand>(command: Name, asks: Asks<Name>) => {
      const read = handlers[command] as (asks: unknown) => Gives[Name] | Promise<Gives[Name]>;
      return read(asks);
    }),
  );
  remark('The agent does not run: this is what it stored before.');
  return given;
}
