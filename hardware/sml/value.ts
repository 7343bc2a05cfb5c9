/**
 * What one entry of an SML list says. Pure.
 */

import { noValue, numberValue, type ObisValue } from '../telegram.ts';
import type { Element } from './element.ts';
import { unitOfCode } from './units.ts';

/** @param element undefined where there is none */
export function obisValueOf(
  element: Element | undefined,
  unit: Element | undefined,
  scaler: Element | undefined,
): ObisValue {
  switch (element?.kind) {
    case 'integer': {
      const name = unit?.kind === 'integer' ? unitOfCode(unit.value) : null;
      // Without a scaler the value is as it stands.
      return numberValue(element.value, scaler?.kind === 'integer' ? exponentOf(scaler.value) : 0, name);
    }
    case 'boolean':
      return { raw: element.value, scaler: null, unit: null, value: String(element.value) };
    case 'octets':
      return octets(element.bytes);
    // A time stands as a choice: which kind, then the number.
    case 'list':
      return obisValueOf(element.elements[1], undefined, undefined);
    default:
      return noValue;
  }
}

/** Eight bits, with a sign: more cannot be meant. */
function exponentOf(scaler: bigint): number {
  return Number(BigInt.asIntN(8, scaler));
}

/** Text where all of it can be printed, else hex. */
function octets(bytes: Uint8Array): ObisValue {
  const raw = Buffer.from(bytes).toString('hex');
  const isText = bytes.length > 0 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  return { raw, scaler: null, unit: null, value: isText ? Buffer.from(bytes).toString('latin1') : raw };
}
