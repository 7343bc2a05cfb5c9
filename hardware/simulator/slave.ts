/**
 * A Modbus slave without a wire: a request frame goes in, the answer comes out. Its registers hold what the profile
 * says of them, so that a map is written down once.
 */

import { hasGoodCrc, withCrc } from '../modbus/crc16.ts';
import { encodeIdentity } from '../modbus/identity.ts';
import { encodeRegisters, registersOf } from '../modbus/register.ts';
import type { ModbusProfile } from '../profiles/modbus-profile.ts';
import type { Quantity } from '../quantity.ts';
import { quantities } from '../quantity.ts';

export interface Slave {
  readonly address: number;
  readonly profile: ModbusProfile;
  readonly serialNumber: number;
  /** Quantities of the profile whose registers this one has not: a reading that meets one is refused whole. */
  readonly lacks?: readonly Quantity[] | undefined;
  /** What the device measures at this moment, each quantity in its unit. */
  readonly measure: () => Readonly<Record<Quantity, number>>;
}

export const requestLength = 8;
const kinds = new Map([
  [3, 'holding'],
  [4, 'input'],
]);
const exceptions = { function: 1, address: 2, value: 3 };

/** @returns where the first whole request in `bytes` ends, or undefined while there is none */
export function requestEnd(bytes: Uint8Array): number | undefined {
  for (let end = requestLength; end <= bytes.length; end++) {
    if (hasGoodCrc(bytes.subarray(end - requestLength, end))) return end;
  }
  return undefined;
}

/** @param request a whole frame to this slave, its check already made */
export function answerTo(request: Buffer, slave: Slave): Buffer {
  const code = request.readUInt8(1);
  const at = request.readUInt16BE(2);
  const count = request.readUInt16BE(4);
  const refuse = (why: keyof typeof exceptions) => withCrc(Buffer.of(slave.address, code | 0x80, exceptions[why]));
  const kind = kinds.get(code);
  if (kind === undefined) return refuse('function');
  if (count < 1 || count > slave.profile.reading.longest) return refuse('value');
  const registers = image(slave, kind);
  const bytes = Buffer.alloc(2 * count);
  for (let index = 0; index < count; index++) {
    const register = registers.get(at + index);
    if (register) bytes.set(register, 2 * index);
  }
  const known = [...registers.keys()].filter((register) => register >= at && register < at + count);
  // A reading may span registers that the profile does not name; one that meets none at all is a mistake.
  if (known.length === 0 || meetsLacking(slave, kind, at, count)) return refuse('address');
  return withCrc(Buffer.of(slave.address, code, bytes.length, ...bytes));
}

/** All registers of one kind, two bytes each, by address. */
function image(slave: Slave, kind: string): Map<number, Uint8Array> {
  const { profile, serialNumber } = slave;
  const measured = slave.measure();
  const registers = new Map<number, Uint8Array>();
  const put = (at: number, bytes: Buffer) => {
    for (let offset = 0; offset < bytes.length; offset += 2) {
      registers.set(at + offset / 2, bytes.subarray(offset, offset + 2));
    }
  };
  for (const register of profile.registers) {
    if (register.kind !== kind) continue;
    const rounding = quantities[register.quantity].kind === 'counter' ? 'down' : 'nearest';
    const value = measured[register.quantity];
    const { at, minus } = register;
    put(at, encodeRegisters(minus === undefined ? value : Math.max(value, 0), register, rounding));
    if (minus !== undefined) put(minus, encodeRegisters(Math.max(-value, 0), register, rounding));
  }
  const { serialNumber: place, model } = profile;
  if (place?.kind === kind) put(place.at, encodeIdentity(serialNumber, place));
  if (model?.kind === kind) put(model.at, encodeIdentity(model.is[0] ?? 0, model));
  return registers;
}

function meetsLacking({ profile, lacks = [] }: Slave, kind: string, at: number, count: number): boolean {
  return profile.registers.some(
    (register) =>
      lacks.includes(register.quantity) &&
      register.kind === kind &&
      register.at < at + count &&
      at < register.at + registersOf(register.type),
  );
}
