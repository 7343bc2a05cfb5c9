/**
 * Where meters differ from SML as it is written, each by the meter's name. Pure.
 *
 * - Holley DTZ541: a time without its choice, and Kermit where X-25 is due (libsml#75). The time is taken as it comes,
 *   both checks are tried: see framer.ts and file.ts.
 * - DZG DVS7420: four bytes that fill up what is full already (their count is 4 then): see framer.ts.
 * - DZG DVS74 of some years: positive power sent as if it were signed: below.
 * - EMH eHZ and ED300L: power without a sign, which way it flows in the status of the counter: `directionOf`.
 * - Any meter whose PIN was not entered: whole kilowatt hours and no power: `lacksPin`.
 */

import type { Direction, ObisValue } from '../telegram.ts';
import { type Element, integerOf } from './element.ts';

/** Manufacturer's block of numbers, by DIN 43863-5: 10 bytes; the length, the medium, three letters, a block, a number. */
interface ServerId {
  readonly medium: number;
  readonly maker: string;
  readonly block: number;
  readonly number: number;
}

/** Serial numbers of the DVS74 that send positive power, of up to two bytes, as signed (libsml PR#136 has the ranges). */
const signedPowerOfDzg = [
  { from: 42_000_000, to: 48_999_999 },
  { from: 55_000_000, to: 58_999_999 },
];

/** @returns the value as it was meant */
export function mendedFor(serverId: Uint8Array, obis: string, value: Element | undefined): Element | undefined {
  if (obis !== '1-0:16.7.0' || value?.kind !== 'integer' || !value.signed || value.bytes.length > 2) return value;
  const id = parse(serverId);
  if (id?.maker !== 'DZG' || id.medium !== 1) return value;
  const number = id.block * 2 ** 32 + id.number;
  if (!signedPowerOfDzg.some(({ from, to }) => number >= from && number <= to)) return value;
  // Negative power it never shortens, so a short one is never negative.
  return { ...value, signed: false, value: integerOf(value.bytes, false) };
}

const exporting = 0x20n;

/**
 * Bit 5 of the status word beside the counter (FNN, Lastenheft EDL 1.0 of 2010, page 31; as libsml#101, vzlogger PR#476
 * and PR#688, sml2mqtt#6 and the dumps of an ED300L in devZer0/libsml-testing have it).
 * @param status that of 1-0:1.8.0
 */
export function directionOf(values: ReadonlyMap<string, ObisValue>, status: bigint | undefined): Direction | undefined {
  const isEmh = values.get('129-129:199.130.3')?.value === 'EMH';
  if (!isEmh || status === undefined || !values.has('1-0:15.7.0')) return undefined;
  return status & exporting ? 'export' : 'import';
}

/** As it is printed on the meter: 1EMH0010599732; hex where it has no such number. */
export function serialOf(serverId: Uint8Array | undefined): string | undefined {
  if (serverId === undefined || serverId.length === 0) return undefined;
  const id = parse(serverId);
  if (id === undefined) return Buffer.from(serverId).toString('hex');
  const block = id.block.toString(16).padStart(2, '0').toUpperCase();
  return `${id.medium}${id.maker}${block}${String(id.number).padStart(8, '0')}`;
}

const wholeKwh = 1000;

/** A measured value, also as the agent shows it. */
interface Named {
  readonly quantity: string;
  readonly unit: string;
  readonly value: number;
}

/** Without its PIN a meter tells whole kilowatt hours, and no power. */
export function lacksPin(measured: readonly Named[]): boolean {
  const energies = measured.filter(({ unit }) => unit === 'Wh');
  const hasPower = measured.some(({ quantity }) => quantity === 'power');
  return !hasPower && energies.length > 0 && energies.every(({ value }) => value % wholeKwh === 0);
}

function parse(bytes: Uint8Array): ServerId | undefined {
  // 0A by DIN 43863-5 of 2012; 09 by that of 2010, which says the same.
  if (bytes.length !== 10 || (bytes[0] !== 0x0a && bytes[0] !== 0x09)) return undefined;
  const view = Buffer.from(bytes);
  const maker = view.toString('latin1', 2, 5);
  if (!/^[A-Z]{3}$/.test(maker)) return undefined;
  return { medium: view.readUInt8(1), maker, block: view.readUInt8(5), number: view.readUInt32BE(6) };
}
