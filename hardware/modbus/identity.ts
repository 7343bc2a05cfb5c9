/**
 * What a device says of itself in its registers: its serial number, its model. Pure.
 */

import type { Identity } from '../profiles/modbus-profile.ts';
import { decodeRegisters, encodeRegisters, registersOf } from './register.ts';
import type { Block } from './rtu-client.ts';

export function blockOf(place: Identity): Block {
  const count = place.type === 'text' ? place.registers : registersOf(place.type);
  return { kind: place.kind, at: place.at, count };
}

/** @returns undefined where it says nothing */
export function decodeIdentity(bytes: Uint8Array, place: Identity): string | undefined {
  if (place.type !== 'text') return numberIn(bytes, place);
  // Filled up with zeros or spaces, at its end or before each character.
  const text = Buffer.from(bytes).toString('latin1').replaceAll('\0', '').trim();
  return text === '' ? undefined : text;
}

export function encodeIdentity(value: string | number, place: Identity): Buffer {
  if (place.type !== 'text') return encodeRegisters(Number(value), { ...place, scale: 1 });
  return Buffer.alloc(2 * place.registers).fill(String(value).padEnd(2 * place.registers, '\0'), 'latin1');
}

function numberIn(bytes: Uint8Array, place: Exclude<Identity, { type: 'text' }>): string | undefined {
  const value = decodeRegisters(bytes, { ...place, scale: 1 });
  return value === undefined ? undefined : String(value);
}
