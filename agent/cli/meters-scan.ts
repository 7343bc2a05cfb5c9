/**
 * `wattveil meters scan`: which devices hang on the ports of this machine, and the lines of configuration for them.
 * The drivers are loaded when it runs: a gateway takes seconds to load them, and most commands need none.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { settingsText } from '../../hardware/bus/settings-text.ts';
import type { Found, Progress } from '../../hardware/scan.ts';
import { type ScanOptions, scanDefaults } from '../../hardware/scan-options.ts';
import { type Told, toldBy } from '../errors.ts';
import { orError } from './at-agent.ts';
import { plain, print, printJson, remark } from './print.ts';

interface Options {
  readonly addresses?: readonly number[];
  readonly speeds?: readonly number[];
  readonly timeout: number;
  readonly listen: number;
  readonly write?: string;
  readonly json?: boolean;
}

interface Outcome {
  readonly port: string;
  readonly found: readonly Found[];
  readonly failure?: Told;
}

export function metersScanCommand(group: Command): void {
  group
    .command('scan [ports...]')
    .description('find meters: ports, speeds, parities, protocols, addresses')
    .option('--addresses <list>', 'Modbus addresses to try, like 1-20,100', addressesArgument)
    .option('--speeds <list>', 'speeds to try, like 9600,19200', numbersArgument)
    .option('--timeout <ms>', 'how long a device may take to answer', numberArgument, scanDefaults.timeoutMs)
    .option(
      '--listen <ms>',
      'how long to listen for meters that send by themselves',
      numberArgument,
      scanDefaults.listenMs,
    )
    .option('--write <config>', 'write what was found into this agent.yaml')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Without ports all serial ports of this machine are tried, which can take minutes; a port that the agent reads is busy:
stop it first. A gateway in the network is given as host:port; whether it speaks Modbus TCP or RTU over TCP is found.

Examples:
  wattveil meters scan
  wattveil meters scan /dev/serial/by-id/usb-FTDI_FT232R --addresses 1-247
  wattveil meters scan 192.168.1.20:502 --write agent.yaml`,
    )
    .action((ports: string[], options: Options) => orError(options, () => scan(ports, options)));
}

async function scan(given: readonly string[], options: Options): Promise<void> {
  const { addToConfig, configDocument } = await import('../found-devices.ts');
  // Not only after minutes.
  if (options.write !== undefined) configDocument(options.write);
  const { findPorts } = await import('../../hardware/bus/list-ports.ts');
  const ports = given.length > 0 ? given : (await findPorts()).map(({ name }) => name);
  const outcomes: Outcome[] = [];
  for (const port of ports) outcomes.push(await scanOne(port, options));
  const found = outcomes.flatMap((outcome) => outcome.found);
  if (options.json) printJson(outcomes.map(shown));
  else await printOutcomes(ports, outcomes);
  const isKnown = found.some(({ profiles }) => profiles.length > 0);
  if (options.write !== undefined && isKnown) {
    addToConfig(options.write, found);
    remark(`Written into ${options.write}.`);
  }
  if (!isKnown) process.exitCode = 1;
}

async function scanOne(port: string, options: Options): Promise<Outcome> {
  const wanted: ScanOptions = {
    ...scanDefaults,
    timeoutMs: options.timeout,
    listenMs: options.listen,
    ...(options.addresses && { addresses: options.addresses }),
    ...(options.speeds && { speeds: options.speeds }),
  };
  const { scanPort } = await import('../../hardware/scan.ts');
  try {
    const found = await scanPort(port, wanted, showProgress, new AbortController().signal);
    return { port, found };
  } catch (error) {
    const failure = toldBy(error);
    if (failure === undefined) throw error;
    return { port, found: [], failure };
  } finally {
    clearProgress();
  }
}

async function printOutcomes(ports: readonly string[], outcomes: readonly Outcome[]): Promise<void> {
  const { loadProfile } = await import('../../hardware/profiles/load-profile.ts');
  const { foundYaml } = await import('../found-devices.ts');
  const nameOf = (profile: string) => loadProfile(profile).name;
  if (ports.length === 0) {
    print('There is no serial port here. Plug the adapter in, or give host:port of a gateway.');
    return;
  }
  for (const { port, found, failure } of outcomes) {
    for (const one of found) print([foundText(one, nameOf), ...one.remarks.map(remarkText)].join('\n'));
    if (failure !== undefined) {
      print(`! ${plain(port)}: ${failure.code}: ${plain(failure.says)}\n  What to do: ${plain(failure.remedy)}`);
    } else if (found.length === 0) {
      print(
        `- ${plain(port)}: no answer at any speed: A and B swapped? no power? another address (--addresses 1-247)?`,
      );
    }
  }
  const found = outcomes.flatMap((outcome) => outcome.found);
  if (found.some(({ profiles }) => profiles.length > 0)) print(`\n${foundYaml(found)}`);
}

const unknownAdvice =
  'If it is a relay board, write it under plugs (wattveil agent run --help); a meter needs a profile: hardware/README.md.';

/** SDM630 at address 3, 9600 8N1 */
function foundText(
  { port, settings, address, profiles, sure, serial, remarks }: Found,
  nameOf: (profile: string) => string,
): string {
  const [first] = profiles;
  const isOne = !remarks.some(({ code }) => code === 'METER_ADDRESS_TWICE');
  const unknown = isOne ? 'a device that no profile fits' : 'more than one device';
  const name = first === undefined ? unknown : nameOf(first);
  const at = address === undefined ? '' : ` at address ${address}`;
  const line = settings === undefined ? '' : `, ${settingsText(settings)}`;
  const number = serial === undefined ? '' : `, serial number ${serial}`;
  const how = first === undefined || sure ? '' : ', by its registers';
  const advice = first === undefined && isOne ? `\n  What to do: ${unknownAdvice}` : '';
  return plain(`+ ${name}${at}${line} on ${port}${number}${how}`) + advice;
}

function remarkText({ code, says, remedy }: Told): string {
  return `  ! ${code}: ${plain(says)}\n    What to do: ${plain(remedy)}`;
}

function shown(outcome: Outcome) {
  const told = ({ code, says, remedy }: Told) => ({ code, says, remedy });
  return { ...outcome, found: outcome.found.map((one) => ({ ...one, remarks: one.remarks.map(told) })) };
}

const barCells = 24;

function showProgress({ port, what, share }: Progress): void {
  if (!process.stderr.isTTY) return;
  const cells = Math.round(share * barCells);
  const bar = '#'.repeat(cells).padEnd(barCells, '.');
  process.stderr.write(`\r\x1b[K[${bar}] ${plain(port)} ${plain(what)}`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

function numberArgument(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0.');
  return Number(text);
}

function numbersArgument(text: string): number[] {
  return text.split(',').map(numberArgument);
}

const highestAddress = 247;

function addressesArgument(text: string): number[] {
  const addresses = text.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part) ?? [];
    const from = Number(first);
    const to = Number(last);
    if (!(from >= 1 && from <= to && to <= highestAddress)) {
      throw new InvalidArgumentError('Give addresses from 1 to 247, like 1-20,100.');
    }
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
  return [...new Set(addresses)];
}
