/**
 * What a number looks like wherever our code writes one: floats, counts of steps, registers, decimal text, a clear
 * share. To look for values where there must be none.
 */
import { primes } from '../../broker/protocol/field.ts';

export interface Trace {
  readonly value: number;
  readonly form: string;
  readonly bytes: Buffer;
  /** A number in text counts where it is the whole number: the middle of an instant in milliseconds is none. */
  readonly isNumber?: true;
}

/** @param wattHours six digits or more, so that chance does not make them */
export function tracesOf(wattHours: number): readonly Trace[] {
  const traces: Trace[] = [];
  const add = (form: string, bytes: Buffer) => traces.push({ value: wattHours, form, bytes });
  const addText = (form: string, text: string) => {
    // Ports and process numbers have five digits, too.
    if (text.length < 6) return;
    traces.push({ value: wattHours, form: `${form}, text`, bytes: Buffer.from(text), isNumber: true });
  };
  for (const [unit, value] of [
    ['Wh', wattHours],
    ['kWh', wattHours / 1000],
  ] as const) {
    add(
      `${unit} as a double, big-endian`,
      written(8, (at) => at.writeDoubleBE(value)),
    );
    add(
      `${unit} as a double, little-endian`,
      written(8, (at) => at.writeDoubleLE(value)),
    );
    add(
      `${unit} as a float, big-endian`,
      written(4, (at) => at.writeFloatBE(value)),
    );
    add(
      `${unit} as a float, little-endian`,
      written(4, (at) => at.writeFloatLE(value)),
    );
    addText(unit, String(value));
    addText(`${unit} with three decimals`, value.toFixed(3));
  }
  for (const [name, step] of [
    ['0.001 Wh', 0.001],
    ['0.1 Wh', 0.1],
    ['1 Wh', 1],
    ['10 Wh', 10],
  ] as const) {
    const count = Math.round(wattHours / step);
    addText(`steps of ${name}`, String(count));
    add(
      `steps of ${name}, 32 bits big-endian`,
      written(4, (at) => at.writeUInt32BE(count)),
    );
    add(
      `steps of ${name}, 32 bits little-endian`,
      written(4, (at) => at.writeUInt32LE(count)),
    );
    add(
      `steps of ${name}, 64 bits big-endian`,
      written(8, (at) => at.writeBigUInt64BE(BigInt(count))),
    );
    add(
      `steps of ${name}, clear share`,
      written(8, (at) => at.writeBigUInt64LE(clearShare(count))),
    );
  }
  return traces.flatMap((trace) => [trace, ...carried(trace)]);
}

/** What is carried inside JSON or a log line is written as hex, base64 or a list of bytes. */
function carried({ value, form, bytes, isNumber }: Trace): Trace[] {
  const as = (how: string, text: string): Trace => ({ value, form: `${form}, ${how}`, bytes: Buffer.from(text) });
  return [
    as('in hex', bytes.toString('hex')),
    ...(isNumber ? [] : [as('as a list of bytes', [...bytes].join(','))]),
    // Four bytes make five letters, which chance makes, too.
    ...(bytes.length < 6 ? [] : inBase64(bytes).map((letters) => as('in base64', letters))),
  ];
}

/** Wherever it begins in what is encoded: the letters that depend on these bytes alone. */
function inBase64(bytes: Buffer): string[] {
  const texts = [0, 1, 2].map((before) => {
    const letters = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    return letters.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const forUrls = texts.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([...texts, ...forUrls])];
}

/** Traces by their first four bytes: there are thousands, and megabytes to look through. */
const indices = new WeakMap<readonly Trace[], Map<number, Trace[]>>();

/** @returns the traces that occur in the bytes */
export function findTraces(traces: readonly Trace[], bytes: Buffer): readonly string[] {
  const index = indices.get(traces) ?? indexOf(traces);
  indices.set(traces, index);
  const found = new Set<string>();
  for (let at = 0; at + 4 <= bytes.length; at += 1) {
    for (const { value, form, bytes: wanted, isNumber } of index.get(bytes.readUInt32BE(at)) ?? []) {
      const end = at + wanted.length;
      if (isNumber && (isDigit(bytes[at - 1]) || isDigit(bytes[end]))) continue;
      if (bytes.subarray(at, end).equals(wanted)) found.add(`${value}: ${form}`);
    }
  }
  return [...found];
}

function indexOf(traces: readonly Trace[]): Map<number, Trace[]> {
  const index = new Map<number, Trace[]>();
  for (const trace of traces) {
    const start = trace.bytes.readUInt32BE(0);
    index.set(start, [...(index.get(start) ?? []), trace]);
  }
  return index;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function written(length: number, write: (at: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(length);
  write(bytes);
  return bytes;
}

function clearShare(count: number): bigint {
  const [r0 = 0n, r1 = 0n, r2 = 0n] = primes.map((prime) => BigInt(count) % BigInt(prime));
  return r0 + (r1 << 21n) + (r2 << 42n);
}
