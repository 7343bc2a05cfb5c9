/**
 * One reading of a device by a profile: the registers beside the values, and what cannot be.
 */
import type { LineSettings } from '../../hardware/bus/bus-config.ts';
import { settingsOf } from '../../hardware/bus/settings-text.ts';
import { HardwareError } from '../../hardware/errors.ts';
import { longestReadingMs, type Measured } from '../../hardware/meter.ts';
import { ModbusMeter } from '../../hardware/modbus/modbus-meter.ts';
import { decodeRegisters } from '../../hardware/modbus/register.ts';
import { adviceOf } from '../../hardware/modbus/register-reader.ts';
import { openBus, openDevice } from '../../hardware/open-device.ts';
import { loadProfile } from '../../hardware/profiles/load-profile.ts';
import { isPlausible, plausibleRange } from '../../hardware/profiles/plausible.ts';
import type { Register } from '../../hardware/profiles/profile.ts';
import { plain, print, printJson, table } from './print.ts';

export interface TryOptions {
  readonly port: string;
  readonly address?: string;
  readonly line?: LineSettings;
  readonly timeout?: number;
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

/** Of one that is asked: it may be slow, and is asked only once. */
const answerMs = 1000;
const highestAddress = 247;

export async function tryProfile(name: string, options: TryOptions): Promise<void> {
  const profile = loadProfile(name);
  const settings = options.line ?? settingsOf(profile.delivered ?? '');
  const bus = openBus({ port: options.port, ...settings, timeoutMs: options.timeout ?? answerMs });
  const signal = AbortSignal.timeout(longestReadingMs);
  const remarks: HardwareError[] = [];
  const remark = (one: HardwareError) => void remarks.push(one);
  if (profile.unconfirmed) remark(new HardwareError('PROFILE_UNCONFIRMED', { profile: name }));
  try {
    if (profile.protocol !== 'modbus') {
      const { address, timeout: timeoutMs } = options;
      const measured = await openDevice({ bus, address, profile: name, timeoutMs, remark }).read(signal);
      if (options.json) printJson(measured);
      else print(measuredText(measured, remarks));
      return;
    }
    const address = Number(options.address ?? 1);
    if (!(address >= 1 && address <= highestAddress)) {
      throw new HardwareError('DEVICE_WITHOUT_ADDRESS', { profile: name });
    }
    const meter = new ModbusMeter({ bus, address, profile, profileName: name, remark });
    const serial = await meter.serialNumber(signal);
    const rows = (await meter.readRaw(signal)).map(({ register, bytes }) => rowOf(register, bytes, name));
    if (options.json) printJson({ serial: serial ?? null, registers: rows });
    else print(rowsText(rows, serial, remarks));
  } finally {
    await bus.close();
  }
}

function measuredText(measured: readonly Measured[], remarks: readonly HardwareError[]): string {
  const rows = measured.map(({ quantity, unit, value }) => [quantity, String(value), unit]);
  return [table(['quantity', 'value', 'unit'], rows), ...remarks.map(remarkText)].join('\n');
}

function remarkText({ code, says, remedy }: HardwareError): string {
  return `! ${code}: ${plain(says)}\n  What to do: ${plain(remedy)}`;
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
    ...remarks.map(remarkText),
  ].join('\n');
}
