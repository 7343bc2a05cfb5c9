/**
 * One value in registers: what bytes mean, and which bytes a value is. Pure; the reader and the simulator share it.
 */

import { decimalOf, shortestFloat32, times, toNumber } from './decimal.ts';

interface RegisterType {
  readonly registers: 1 | 2 | 4;
  readonly floating: boolean;
  /** @returns the shortest decimal of it; undefined where it is no number, as meters say "no value" */
  readonly read: (bytes: Buffer) => string | undefined;
  readonly write: (bytes: Buffer, value: number) => void;
  readonly least: number;
  readonly most: number;
}

/** Digits held in binary, four bits each; undefined where a nibble is no digit. */
const digits = (bytes: Buffer) => {
  const text = bytes.toString('hex');
  return /^\d+$/.test(text) ? String(Number(text)) : undefined;
};
const writeDigits = (bytes: Buffer, value: number) =>
  void bytes.write(String(value).padStart(2 * bytes.length, '0'), 'hex');

const float = (text: string, value: number) => (Number.isFinite(value) ? text : undefined);

/** Bytes are in the order of the Modbus specification: high byte first. */
export const registerTypes = {
  uint16: {
    registers: 1,
    floating: false,
    read: (bytes) => String(bytes.readUInt16BE()),
    write: (bytes, value) => bytes.writeUInt16BE(value),
    least: 0,
    most: 2 ** 16 - 1,
  },
  int16: {
    registers: 1,
    floating: false,
    read: (bytes) => String(bytes.readInt16BE()),
    write: (bytes, value) => bytes.writeInt16BE(value),
    least: -(2 ** 15),
    most: 2 ** 15 - 1,
  },
  uint32: {
    registers: 2,
    floating: false,
    read: (bytes) => String(bytes.readUInt32BE()),
    write: (bytes, value) => bytes.writeUInt32BE(value),
    least: 0,
    most: 2 ** 32 - 1,
  },
  int32: {
    registers: 2,
    floating: false,
    read: (bytes) => String(bytes.readInt32BE()),
    write: (bytes, value) => bytes.writeInt32BE(value),
    least: -(2 ** 31),
    most: 2 ** 31 - 1,
  },
  uint64: {
    registers: 4,
    floating: false,
    read: (bytes) => String(bytes.readBigUInt64BE()),
    write: (bytes, value) => bytes.writeBigUInt64BE(BigInt(value)),
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
  },
  int64: {
    registers: 4,
    floating: false,
    read: (bytes) => String(bytes.readBigInt64BE()),
    write: (bytes, value) => bytes.writeBigInt64BE(BigInt(value)),
    least: Number.MIN_SAFE_INTEGER,
    most: Number.MAX_SAFE_INTEGER,
  },
  float32: {
    registers: 2,
    floating: true,
    read: (bytes) => float(shortestFloat32(bytes.readFloatBE()), bytes.readFloatBE()),
    write: (bytes, value) => bytes.writeFloatBE(value),
    least: Number.NEGATIVE_INFINITY,
    most: Number.POSITIVE_INFINITY,
  },
  float64: {
    registers: 4,
    floating: true,
    read: (bytes) => float(String(bytes.readDoubleBE()), bytes.readDoubleBE()),
    write: (bytes, value) => bytes.writeDoubleBE(value),
    least: Number.NEGATIVE_INFINITY,
    most: Number.POSITIVE_INFINITY,
  },
  bcd16: { registers: 1, floating: false, read: digits, write: writeDigits, least: 0, most: 9999 },
  bcd32: { registers: 2, floating: false, read: digits, write: writeDigits, least: 0, most: 99_999_999 },
} as const satisfies Readonly<Record<string, RegisterType>>;

export type RegisterTypeName = keyof typeof registerTypes;
/** Which of several registers comes first: the one with the high bytes (`big`) or with the low ones. */
export type WordOrder = 'big' | 'little';

/** How a value is held in registers: value = number in them · scale. */
export interface Encoding {
  readonly type: RegisterTypeName;
  readonly wordOrder: WordOrder;
  /** Which byte of each register comes first; `big` is what the specification asks for. */
  readonly byteOrder?: WordOrder;
  readonly scale: number;
  /** What says that there is no value: the bytes, high ones first, in hex. */
  readonly noValue?: readonly string[] | undefined;
}

export function registersOf(type: RegisterTypeName): number {
  return registerTypes[type].registers;
}

/**
 * @param bytes exactly the registers of the value, as they came
 * @returns exact in decimals; undefined where the device has no value
 */
export function decodeRegisters(bytes: Uint8Array, encoding: Encoding): number | undefined {
  const ordered = inOrder(bytes, encoding);
  if (encoding.noValue?.includes(ordered.toString('hex').toUpperCase())) return undefined;
  const text = registerTypes[encoding.type].read(ordered);
  return text === undefined ? undefined : toNumber(times(decimalOf(text), decimalOf(String(encoding.scale))));
}

/**
 * The way back, for a device of ours.
 * @param rounding of a value that falls between two numbers: counters round down, as they have not got there yet
 */
export function encodeRegisters(value: number, encoding: Encoding, rounding: 'down' | 'nearest' = 'nearest'): Buffer {
  const { registers, floating, write, least, most } = registerTypes[encoding.type];
  const { scale } = encoding;
  const raw = toNumber(times(decimalOf(String(value)), decimalOf(String(1 / scale))));
  const whole = floating ? raw : rounding === 'down' ? Math.floor(raw) : Math.round(raw);
  const bytes = Buffer.alloc(2 * registers);
  write(bytes, Math.min(Math.max(whole, least), most));
  return inOrder(bytes, encoding);
}

function inOrder(bytes: Uint8Array, { wordOrder, byteOrder = 'big' }: Encoding): Buffer {
  const copy = Buffer.from(bytes);
  // Swapping the bytes of each register of the reversed whole reverses the registers alone.
  const words = wordOrder === 'big' ? copy : copy.reverse().swap16();
  return byteOrder === 'big' ? words : words.swap16();
}
