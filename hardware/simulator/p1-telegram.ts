/**
 * Writes P1 telegrams as meters of each version do, and seals them where ports are encrypted. Pure.
 */

import { createCipheriv } from 'node:crypto';
import { crcArc } from '../crc.ts';
import { writeInstant } from '../dsmr/instant.ts';

export type P1Version = '2.2' | '4' | '5' | 'be' | 'lu' | 'se' | 'hu';

export interface P1Content {
  readonly version: P1Version;
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly importWh: number;
  readonly exportWh: number;
  readonly watts: number;
  readonly volts: number;
  /** Of a gas meter behind it. */
  readonly gasM3?: number;
}

const identifications: Readonly<Record<P1Version, string>> = {
  '2.2': '/WVL5WATTVEIL-22',
  '4': '/WVL5WATTVEIL-42',
  '5': '/WVL5\\WATTVEIL-50',
  be: '/WVL5\\100000000_A',
  lu: '/WVL5\\253000000_A',
  se: '/WVL5\\WATTVEIL-SE',
  hu: '/WVL5WATTVEIL-HU',
};

export function writeP1(content: P1Content): Buffer {
  const lines = [identifications[content.version], '', ...headLines(content), ...energyLines(content)];
  const body = `${[...lines, ...levelLines(content), ...gasLines(content)].join('\r\n')}\r\n!`;
  if (content.version === '2.2') return Buffer.from(`${body}\r\n`, 'latin1');
  const crc = crcArc(Buffer.from(body, 'latin1')).toString(16).toUpperCase().padStart(4, '0');
  return Buffer.from(`${body}${crc}\r\n`, 'latin1');
}

/** A DLMS general-glo-ciphering frame, encrypted and authenticated. */
export function sealP1(
  telegram: Uint8Array,
  keys: { key: Uint8Array; authenticationKey: Uint8Array },
  count = 1,
): Buffer {
  const title = Buffer.from('WVL00001', 'latin1');
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(count);
  const cipher = createCipheriv('aes-128-gcm', keys.key, Buffer.concat([title, counter]), { authTagLength: 12 });
  cipher.setAAD(Buffer.concat([Buffer.of(0x30), keys.authenticationKey]));
  const sealed = Buffer.concat([cipher.update(telegram), cipher.final(), cipher.getAuthTag()]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(sealed.length + 5);
  return Buffer.concat([Buffer.of(0xdb, 8), title, Buffer.of(0x82), length, Buffer.of(0x30), counter, sealed]);
}

function headLines({ version, serial, at }: P1Content): string[] {
  const id = `0-0:96.1.1(${Buffer.from(serial, 'latin1').toString('hex').toUpperCase()})`;
  const time = `0-0:1.0.0(${writeInstant(at)})`;
  switch (version) {
    case '2.2':
      return [id];
    case '4':
      return ['1-3:0.2.8(42)', time, id];
    case '5':
    case 'lu':
      return ['1-3:0.2.8(50)', time, id];
    case 'be':
      return ['0-0:96.1.4(50217)', id, time];
    case 'se':
    case 'hu':
      return [time, id];
  }
}

/** In Sweden and Luxembourg totals alone; elsewhere by tariffs, here all of it in the first. */
function energyLines({ version, importWh, exportWh }: P1Content): string[] {
  if (version === 'lu') return [`1-0:1.8.0(${digits(importWh, 9, 0)}*Wh)`, `1-0:2.8.0(${digits(exportWh, 9, 0)}*Wh)`];
  const kwh = (code: string, wh: number) => `1-0:${code}(${digits(wh / 1000, 6, 3)}*kWh)`;
  const totals = [kwh('1.8.0', importWh), kwh('2.8.0', exportWh)];
  if (version === 'se') return totals;
  const tariffs = [kwh('1.8.1', importWh), kwh('1.8.2', 0), kwh('2.8.1', exportWh), kwh('2.8.2', 0)];
  return [...(version === 'hu' ? totals : []), ...tariffs, '0-0:96.14.0(0001)'];
}

function levelLines({ version, watts, volts }: P1Content): string[] {
  const kilowatts = (code: string, amount: number) =>
    version === 'lu' ? `1-0:${code}(${digits(amount, 9, 0)}*W)` : `1-0:${code}(${digits(amount / 1000, 2, 3)}*kW)`;
  const power = [kilowatts('1.7.0', Math.max(watts, 0)), kilowatts('2.7.0', Math.max(-watts, 0))];
  if (version === '2.2' || version === 'lu') return power;
  const current = digits(Math.abs(watts) / volts, 3, version === '4' ? 0 : 2);
  const log = version === '5' ? ['1-0:99.97.0(1)(0-0:96.7.19)(190326095015W)(0000002014*s)'] : [];
  const voltage = version === '4' ? [] : [`1-0:32.7.0(${digits(volts, 3, 1)}*V)`];
  return [...power, ...log, ...voltage, `1-0:31.7.0(${current}*A)`, '0-0:96.13.0()'];
}

function gasLines({ version, at, gasM3 }: P1Content): string[] {
  if (gasM3 === undefined) return [];
  const amount = digits(gasM3, 5, 3);
  const moment = writeInstant(at);
  if (version === '2.2') {
    return ['0-1:24.1.0(3)', `0-1:24.3.0(${moment.slice(0, 12)})(00)(60)(1)(0-1:24.2.1)(m3)`, `(${amount})`];
  }
  // Belgium's gas is not corrected for its temperature, so it has another code.
  return ['0-1:24.1.0(003)', `0-1:24.2.${version === 'be' ? 3 : 1}(${moment})(${amount}*m3)`];
}

/** Rounded down, as a counter that has not got there yet. */
function digits(value: number, whole: number, fraction: number): string {
  const units = Math.floor(Math.round(value * 10 ** fraction * 1e3) / 1e3);
  const text = String(units).padStart(whole + fraction, '0');
  return fraction === 0 ? text : `${text.slice(0, -fraction)}.${text.slice(-fraction)}`;
}
