/**
 * `wattveil broker run`: the utility's process, until it is told to end.
 */
import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { BrokerConfig } from '../config.ts';
import type { Clock } from '../protocol/clock.ts';
import { orError } from './at-broker.ts';

const example = `
Example of a broker.yaml (all but dataDir may be left out; these are the defaults):
  dataDir: ./utility
  listen: { host: 127.0.0.1, port: 1883, insecure: false }
  prefix: wattveil/v1
  rounds: { minContributors: 15, reportWithin: 1h, expireAfter: 24h, grace: 10s, keepResults: 30d }

The data folder holds the database and the private keys of the enrolment authority and the coordinator: back it up.
There is no TLS yet: other hosts than the loopback are refused unless listen.insecure is true.`;

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** main.ts and what it loads: database, broker. The other commands do without. */
export type LoadMain = () => Promise<{
  readonly runBroker: (config: BrokerConfig, clock: Clock, log: Logger) => Promise<{ close(): Promise<void> }>;
}>;

export function runCommand(program: Command, clock: Clock, loadMain: LoadMain): void {
  program
    .command('broker')
    .description('the utility’s process')
    .command('run')
    .description('run the MQTT broker, the enrolment authority and the coordinator in this process')
    .option('--config <path>', 'its configuration', 'broker.yaml')
    .option('--log-level <level>', levels.join(', '), 'info')
    .addHelpText('after', example)
    .action((options: { config: string; logLevel: string }) => orError({}, () => run(options, clock, loadMain)));
}

interface RunOptions {
  readonly config: string;
  readonly logLevel: string;
}

async function run({ config, logLevel }: RunOptions, clock: Clock, loadMain: LoadMain): Promise<void> {
  const [{ runBroker }, { loadBrokerConfig }, { pino }] = await Promise.all([
    loadMain(),
    import('../config.ts'),
    import('pino'),
  ]);
  const log = pino({ name: 'broker', level: levels.includes(logLevel) ? logLevel : 'info' });
  const broker = await runBroker(loadBrokerConfig(config), clock, log);
  const signal = await signalled();
  log.info({ signal }, 'stopping');
  await broker.close();
  // What follows the clock of a demo would keep the process alive.
  process.exit(0);
}

function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}
