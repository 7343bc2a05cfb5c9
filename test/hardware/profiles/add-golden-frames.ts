/**
 * Adds golden frames of the profiles that have none, and takes away those of profiles that are gone.
 * Usage: node --import tsx test/hardware/profiles/add-golden-frames.ts [profile whose frames are made anew …]
 *
 * Registers are written here straight from a profile's text, and not by the code that is tested. Frames of a real device
 * are better: put them into the file instead.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { busOver } from '../../../hardware/bus/bus.ts';
import { busDefaults } from '../../../hardware/bus/bus-config.ts';
import { openDevice } from '../../../hardware/open-device.ts';
import { loadModbusProfile, loadProfile, shippedProfiles } from '../../../hardware/profiles/load-profile.ts';
import type { ModbusProfile, Register } from '../../../hardware/profiles/profile.ts';
import { MemoryLine } from '../memory-line.ts';
import { never } from '../never.ts';

export interface Golden {
  readonly values: Readonly<Record<string, number>>;
  /** Question and answer, in hex. */
  readonly frames: readonly (readonly [string, string])[];
}

export const goldenAddress = 7;
const file = fileURLToPath(new URL('../../fixtures/golden-frames.json', import.meta.url));

export function goldenFrames(): Readonly<Record<string, Golden>> {
  return JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Golden>>;
}

const usual: Readonly<Record<string, number>> = {
  energyImport: 12_345_600,
  energyExport: 765_400,
  power: -1234,
  voltage: 231,
  voltageL2: 229,
  voltageL3: 233,
  current: 5.4,
  currentL2: 2.1,
  currentL3: 0.3,
  frequency: 50,
};

/** @returns the bytes that a number has on the wire, high ones first */
function bytesOf(type: string, number: number): Buffer {
  const [, kind = '', bits = ''] = /^([a-z]+)(\d+)$/.exec(type) ?? [];
  const length = Number(bits) / 8;
  if (kind === 'bcd') return Buffer.from(String(Math.round(number)).padStart(2 * length, '0'), 'hex');
  const view = new DataView(new ArrayBuffer(length));
  if (type === 'float32') view.setFloat32(0, number);
  else if (type === 'float64') view.setFloat64(0, number);
  else
    for (let at = length, rest = BigInt(Math.round(number)); at-- > 0; rest >>= 8n)
      view.setUint8(at, Number(rest & 0xffn));
  return Buffer.from(view.buffer);
}

interface Place {
  readonly at: number;
  readonly kind: string;
  readonly type: string;
  readonly wordOrder: string;
  readonly byteOrder: string;
}

/** What stands in each register, by function code and address. */
class Registers {
  readonly #words = new Map<string, number>();

  put({ at, kind, type, wordOrder, byteOrder }: Place, number: number): void {
    const bytes = bytesOf(type, number);
    const words = Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(2 * index));
    if (wordOrder === 'little') words.reverse();
    for (const [index, word] of words.entries()) {
      const swapped = ((word & 0xff) << 8) | (word >>> 8);
      this.#words.set(`${kind === 'holding' ? 3 : 4} ${at + index}`, byteOrder === 'little' ? swapped : word);
    }
  }

  putText(at: number, kind: string, text: string): void {
    const padded = text.padEnd(text.length + (text.length % 2), '\0');
    for (let index = 0; index < padded.length; index += 2) {
      const word = Buffer.from(padded.slice(index, index + 2), 'latin1').readUInt16BE();
      this.#words.set(`${kind === 'holding' ? 3 : 4} ${at + index / 2}`, word);
    }
  }

  answer(question: Buffer): Buffer {
    const [address = 0, code = 0] = question;
    const count = question.readUInt16BE(4);
    const body = Buffer.alloc(3 + 2 * count);
    body.set([address, code, 2 * count]);
    for (let index = 0; index < count; index++) {
      body.writeUInt16BE(this.#words.get(`${code} ${question.readUInt16BE(2) + index}`) ?? 0, 3 + 2 * index);
    }
    return withCheck(body);
  }
}

function withCheck(body: Buffer): Buffer {
  let crc = 0xffff;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc % 2 === 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return Buffer.concat([body, Buffer.of(crc & 0xff, crc >> 8)]);
}

function registersOf({ registers, model }: ModbusProfile, values: Golden['values']): Registers {
  const filled = new Registers();
  for (const register of registers) {
    const number = (values[register.quantity] ?? 0) / register.scale;
    if (register.minus === undefined) filled.put(register, number);
    else {
      filled.put(register, Math.max(number, 0));
      filled.put({ ...register, at: register.minus }, Math.max(-number, 0));
    }
  }
  if (model?.type === 'text') filled.putText(model.at, model.kind, String(model.is[0]));
  else if (model) filled.put(model, Number(model.is[0]));
  return filled;
}

function valueFor({ quantity, type, minus }: Register): number {
  const value = usual[quantity] ?? 1;
  return type.startsWith('uint') && minus === undefined ? Math.abs(value) : value;
}

async function made(name: string): Promise<Golden> {
  const profile = loadModbusProfile(name);
  const values = Object.fromEntries(profile.registers.map((register) => [register.quantity, valueFor(register)]));
  const registers = registersOf(profile, values);
  const frames: [string, string][] = [];
  const line = new MemoryLine((question, self) => {
    const answer = registers.answer(question);
    frames.push([question.toString('hex'), answer.toString('hex')]);
    self.say(answer, 0, 300);
  });
  const bus = busOver(line, { ...busDefaults, port: 'memory', pauseMs: 0, timeoutMs: 50 });
  await openDevice({ bus, address: goldenAddress, profile: name }).read(never);
  await bus.close();
  return { values, frames };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const names = shippedProfiles().filter((name) => loadProfile(name).protocol === 'modbus');
  const known = goldenFrames();
  const entries: [string, Golden][] = [];
  for (const name of names)
    entries.push([name, argv.includes(name) ? await made(name) : (known[name] ?? (await made(name)))]);
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`);
}
