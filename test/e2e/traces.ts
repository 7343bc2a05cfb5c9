/**
 * What a number looks like wherever our code writes one: floats, counts of steps, registers, decimal text, a clear
 * share. To look for values where there must be none.
 */
import { primes } from '../../broker/protocol/field.ts';

export interface Trace {
  readonly value: number;
  readonly form: string;
  readonly bytes: Buffer;
}

/** @param wattHours six digits or more, so that chance does not make them */
export function tracesOf(wattHours: number): readonly Trace[] {
  const traces: Trace[] = [];
  const add = (form: string, bytes: Buffer) => traces.push({ value: wattHours, form, bytes });
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
    add(`${unit} as text`, Buffer.from(String(value)));
  }
  for (const [name, step] of [
    ['0.1 Wh', 0.1],
    ['1 Wh', 1],
    ['10 Wh', 10],
  ] as const) {
    const count = Math.round(wattHours / step);
    add(`steps of ${name}, text`, Buffer.from(String(count)));
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
  // What is carried inside JSON or a log line is written as hex or base64 at most.
  return traces.flatMap((trace) =>
    trace.form.endsWith('text')
      ? [trace]
      : [trace, { ...trace, form: `${trace.form}, in hex`, bytes: Buffer.from(trace.bytes.toString('hex')) }],
  );
}

/** @returns the traces that occur in the bytes */
export function findTraces(traces: readonly Trace[], bytes: Buffer): readonly string[] {
  return traces.filter((trace) => bytes.includes(trace.bytes)).map(({ value, form }) => `${value}: ${form}`);
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
