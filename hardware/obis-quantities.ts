/**
 * Which OBIS code is which quantity, for meters that send telegrams. Pure.
 */

import type { Measured } from './meter.ts';
import { type Decimal, decimalOf, times, toNumber } from './modbus/decimal.ts';
import { type Quantity, type Unit, unitOf } from './quantity.ts';
import type { Direction, Telegram } from './telegram.ts';

type Values = Telegram['values'];

/** Electricity, of a meter with one channel or of its first; codes of IEC 62056-21 may lack the medium. */
const media = ['1-0:', '1-1:', ''];
const factors: Readonly<Record<string, { readonly unit: Unit; readonly factor: string }>> = {
  Wh: { unit: 'Wh', factor: '1' },
  kWh: { unit: 'Wh', factor: '1000' },
  MWh: { unit: 'Wh', factor: '1000000' },
  W: { unit: 'W', factor: '1' },
  kW: { unit: 'W', factor: '1000' },
  V: { unit: 'V', factor: '1' },
  A: { unit: 'A', factor: '1' },
  Hz: { unit: 'Hz', factor: '1' },
};

/** In each row the first that can be had: a code, or some added up; a minus takes its code off. */
const sources: readonly (readonly [Quantity, ...(readonly string[])[]])[] = [
  // Which tariff is the cheap one differs by country; their sum does not.
  ['energyImport', ['1.8.0'], ['1.8.1', '1.8.2', '1.8.3', '1.8.4']],
  ['energyExport', ['2.8.0'], ['2.8.1', '2.8.2', '2.8.3', '2.8.4']],
  ['power', ['16.7.0'], ['1.7.0', '-2.7.0']],
  ['voltage', ['32.7.0'], ['12.7.0']],
  ['voltageL2', ['52.7.0']],
  ['voltageL3', ['72.7.0']],
  ['current', ['31.7.0'], ['11.7.0']],
  ['currentL2', ['51.7.0']],
  ['currentL3', ['71.7.0']],
  ['frequency', ['14.7.0']],
];

/** Power without a sign, of a meter that says beside it which way it flows. */
const unsignedPower: Readonly<Record<Direction, string>> = { import: '15.7.0', export: '-15.7.0' };

/** What a telegram says of the quantities that we know. Nothing is made up: what it does not say is missing. */
export function measuredIn({ values, direction }: Pick<Telegram, 'values' | 'direction'>): Measured[] {
  return sources.flatMap(([quantity, ...ways]) => {
    if (quantity === 'power' && direction !== undefined) ways.push([unsignedPower[direction]]);
    const sums = ways.map((codes) => sumOf(quantity, codes, values));
    const sum = sums.find((one) => one !== undefined);
    return sum === undefined ? [] : [{ quantity, unit: unitOf(quantity), value: toNumber(sum) }];
  });
}

function sumOf(quantity: Quantity, codes: readonly string[], values: Values): Decimal | undefined {
  let sum: Decimal | undefined;
  for (const code of codes) {
    const amount = amountOf(quantity, code.replace(/^-/, ''), values);
    // The first one has to be there: a difference of nothing is not minus the other.
    if (amount === undefined && sum === undefined) return undefined;
    if (amount === undefined) continue;
    const part = code.startsWith('-') ? negative(amount) : amount;
    sum = sum === undefined ? part : added(sum, part);
  }
  return sum;
}

function amountOf(quantity: Quantity, code: string, values: Values): Decimal | undefined {
  for (const medium of media) {
    const { raw, scaler, unit } = values.get(medium + code) ?? {};
    const known = factors[unit ?? ''];
    if (typeof raw !== 'bigint' || typeof scaler !== 'number' || known?.unit !== unitOf(quantity)) continue;
    return times({ mantissa: raw, exponent: scaler }, decimalOf(known.factor));
  }
  return undefined;
}

function added(one: Decimal, other: Decimal): Decimal {
  const exponent = Math.min(one.exponent, other.exponent);
  const at = (part: Decimal) => part.mantissa * 10n ** BigInt(part.exponent - exponent);
  return { mantissa: at(one) + at(other), exponent };
}

function negative({ mantissa, exponent }: Decimal): Decimal {
  return { mantissa: -mantissa, exponent };
}
