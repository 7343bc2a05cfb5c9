/**
 * What every operator command does around its request: connect, ask, print, and end with a code.
 */
import type { Command } from 'commander';
import { defaultPrefix } from '../protocol/default-prefix.ts';
import { CodedError } from '../protocol/errors.ts';
import type { OperatorLink } from '../sdk/operator-link.ts';
import { print, printError } from './print.ts';

export interface BrokerOptions {
  readonly broker: string;
  readonly prefix: string;
  readonly json?: boolean;
}

/** The options that all operator commands have. */
export function brokerOptions(command: Command): Command {
  return command
    .option('--broker <url>', 'where the broker is', 'mqtt://127.0.0.1:1883')
    .option('--prefix <prefix>', 'what stands before every topic', defaultPrefix)
    .option('--json', 'print the reply as JSON');
}

/**
 * @param ask sends the request
 * @param show the reply in words, for people
 */
export async function atBroker<Reply>(
  options: BrokerOptions,
  ask: (link: OperatorLink) => Promise<Reply>,
  show: (reply: Reply) => string,
): Promise<void> {
  await orError(options, async () => {
    // Only here: `wattveil --help` and the household's commands need no MQTT.
    const { OperatorLink } = await import('../sdk/operator-link.ts');
    const link = await OperatorLink.open(options.broker, { prefix: options.prefix });
    try {
      const reply = await ask(link);
      print(options.json ? JSON.stringify(reply, null, 2) : show(reply));
    } finally {
      await link.close();
    }
  });
}

/** Prints an error that has a code, with what to do, and ends with 1; anything else is a fault of the program. */
export async function orError(options: { readonly json?: boolean }, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    printError(error, options.json === true);
    process.exitCode = 1;
  }
}
