/**
 * `wattveil meters try`: reads a device once by a profile, own or shipped, and shows the registers beside the values.
 */
import { type Command, InvalidArgumentError } from 'commander';
import type { LineSettings } from '../../hardware/bus/bus-config.ts';
import type { HardwareError } from '../../hardware/errors.ts';
import { ModbusMeter } from '../../hardware/modbus/modbus-meter.ts';
import { decodeRegisters } from '../../hardware/modbus/register.ts';
import { adviceOf } from '../../hardware/modbus/register-reader.ts';
import { openBus, openDevice } from '../../hardware/open-device.ts';
import { loadProfile } from '../../hardware/profiles/load-profile.ts';
import { isPlausible, plausibleRange } from '../../hardware/profiles/plausible.ts';
import type { Register } from '../../hardware/profiles/profile.ts';
import { settingsOf } from '../../hardware/scan.ts';
import { orError } from './at-agent.ts';
import { plain, print, printJson, table } from './print.ts';

interface Options {
  readonly port: string;
  readonly address: number;
  readonly line?: LineSettings;
  readonly timeout: number;
  readonly json?: boolean;
}

interface Row {
  readonly quantity: string;
  readonly unit: string;
  readonly at: string;
  readonly registers: string;
  readonly value: number | null;
  readonly plausible: boolean;
  readonly advice?: string;
}

const defaultTimeoutMs = 1000;
const waitMs = 30_000;

export function metersTryCommand(group: Command): void {
  group
    .command('try <profile>')
    .description('read a device once by a profile and show the registers beside the values')
    .requiredOption('--port <port>', 'serial port, modbus-tcp://host:502 or rtu-over-tcp://host:port')
    .option('--address <number>', 'Modbus address', addressArgument, 1)
    .option('--line <settings>', 'speed and framing [those of a new device]', lineArgument)
    .option('--timeout <ms>', 'how long it may take to answer', Number, defaultTimeoutMs)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
The profile is a shipped one's name or the path of a file; hardware/README.md says how to write one. A value that cannot
be is told, and the word order that would fit, if there is one.

Examples:
  wattveil meters try eastron-sdm630 --port /dev/serial/by-id/usb-FTDI_FT232R --address 3
  wattveil meters try ./my-meter.yaml --port modbus-tcp://192.168.1.20 --address 1 --json`,
    )
    .action((profile: string, options: Options) => orError(options, () => tryProfile(profile, options)));
}

async function tryProfile(name: string, options: Options): Promise<void> {
  const profile = loadProfile(name);
  const settings = options.line ?? settingsOf(profile.delivered ?? '');
  const bus = openBus({ port: options.port, ...settings, timeoutMs: options.timeout });
  const signal = AbortSignal.timeout(waitMs);
  const remarks: HardwareError[] = [];
  const remark = (one: HardwareError) => void remarks.push(one);
  try {
    if (profile.protocol !== 'modbus') {
      const measured = await openDevice({ bus, profile: name }).read(signal);
      if (options.json) printJson(measured);
      else
        print(
          table(
            ['quantity', 'value', 'unit'],
            measured.map(({ quantity, unit, value }) => [quantity, String(value), unit]),
          ),
        );
      return;
    }
    const meter = new ModbusMeter({ bus, address: options.address, profile, profileName: name, remark });
    const serial = await meter.serialNumber(signal);
    const rows = (await meter.readRaw(signal)).map(({ register, bytes }) => rowOf(register, bytes, name));
    if (options.json) printJson({ serial: serial ?? null, registers: rows });
    else print(rowsText(rows, serial, remarks));
  } finally {
    await bus.close();
  }
}

function rowOf(register: Register, bytes: Buffer, profile: string): Row {
  const value = decodeRegisters(bytes, register) ?? null;
  const plausible = value === null || isPlausible(value, plausibleRange(register));
  return {
    quantity: register.quantity,
    unit: register.unit,
    at: `${register.kind} 0x${register.at.toString(16).toUpperCase().padStart(2, '0')}`,
    registers: bytes
      .toString('hex')
      .toUpperCase()
      .replace(/(.{4})(?=.)/g, '$1 '),
    value,
    plausible,
    ...(!plausible && { advice: adviceOf(register, bytes, profile) }),
  };
}

function rowsText(rows: readonly Row[], serial: string | undefined, remarks: readonly HardwareError[]): string {
  const cells = rows.map(({ quantity, at, registers, value, unit, plausible }) => [
    quantity,
    at,
    registers,
    value === null ? 'no value' : String(value),
    unit,
    plausible ? '' : 'cannot be',
  ]);
  return [
    ...(serial === undefined ? [] : [`serial number ${plain(serial)}`]),
    table(['quantity', 'at', 'registers', 'value', 'unit', ''], cells),
    ...rows.flatMap(({ quantity, advice }) => (advice === undefined ? [] : [`! ${quantity}: ${plain(advice)}`])),
    ...remarks.map(({ code, says, remedy }) => `! ${code}: ${plain(says)}\n  What to do: ${plain(remedy)}`),
  ].join('\n');
}

function addressArgument(text: string): number {
  const address = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (address < 1 || address > 247) throw new InvalidArgumentError('Give an address from 1 to 247.');
  return address;
}

function lineArgument(text: string): LineSettings {
  const settings = settingsOf(text);
  if (settings === undefined) throw new InvalidArgumentError('Give speed and framing like "9600 8N1".');
  return settings;
}
