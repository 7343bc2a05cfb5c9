import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HardwareError } from '../../../hardware/errors.ts';
import { decodeIdentity } from '../../../hardware/modbus/identity.ts';
import { decodeRegisters, registersOf } from '../../../hardware/modbus/register.ts';
import {
  loadModbusProfile,
  loadProfile,
  parseProfile,
  shippedProfiles,
} from '../../../hardware/profiles/load-profile.ts';
import type { Quantity } from '../../../hardware/quantity.ts';

test('the shipped profiles are those that are told of', () => {
  const some = ['dsmr-p1', 'dsmr-p1-v2', 'eastron-sdm120', 'hiking-dds238', 'iec62056-pull', 'iec62056-push', 'sml'];
  expect(shippedProfiles()).toEqual(expect.arrayContaining(some));
});

test.each(shippedProfiles())('%s names its sources, and knows energy and power', (name) => {
  const profile = loadProfile(name);
  expect(profile.source.length > 1 || profile.unconfirmed).toBe(true);
  // What is in a telegram it says itself.
  if (profile.protocol !== 'modbus') return;
  const quantities = profile.registers.map(({ quantity }) => quantity);
  expect(quantities).toContain('energyImport');
  expect(quantities).toContain('power');
});

/** What a profile makes of registers that begin at 0. */
function valuesIn(profile: string, registers: readonly number[]): Partial<Record<Quantity, number | undefined>> {
  const bytes = Buffer.alloc(2 * registers.length);
  for (const [index, register] of registers.entries()) bytes.writeUInt16BE(register, 2 * index);
  return Object.fromEntries(
    loadModbusProfile(profile).registers.map((register) => {
      const { at, type, quantity } = register;
      return [quantity, decodeRegisters(bytes.subarray(2 * at, 2 * (at + registersOf(type))), register)];
    }),
  );
}

test('registers read from a real DDS238 mean what its display said', () => {
  // Printed in dds238.py of github.com/dzlabing/dds238.
  const registers = [0, 7133, 513, 0, 0, 0, 0, 0, 0, 2399, 0, 4733, 2327, 0, 0, 0, 1000, 4998, 0, 0, 0, 257];
  expect(valuesIn('hiking-dds238', registers)).toEqual({
    energyImport: 47330,
    energyExport: 23990,
    power: 0,
    voltage: 232.7,
    current: 0,
    frequency: 49.98,
  });
});

test('the SDM120 sends high words first, and kilowatt-hours', () => {
  const registers = Array.from({ length: 0x4c }, () => 0);
  const put = (at: number, value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatBE(value);
    registers[at] = bytes.readUInt16BE(0);
    registers[at + 1] = bytes.readUInt16BE(2);
  };
  const wire: [number, number][] = [
    [0, 230.2],
    [6, 0.62],
    [0x0c, -131.5],
    [0x46, 50.02],
    [0x48, 23.2],
    [0x4a, 1.07],
  ];
  for (const [at, value] of wire) put(at, value);
  expect(valuesIn('eastron-sdm120', registers)).toEqual({
    energyImport: 23200,
    energyExport: 1070,
    power: -131.5,
    voltage: 230.2,
    current: 0.62,
    frequency: 50.02,
  });
});

/** What a profile makes of the registers of one quantity. */
function meantBy(profile: string, quantity: Quantity, hex: string): number | undefined {
  const register = loadModbusProfile(profile).registers.find((one) => one.quantity === quantity);
  return register && decodeRegisters(Buffer.from(hex, 'hex'), register);
}

test("the answer printed in Eltako's document means what is said there", () => {
  // CC 04 08 00 00 01 CD 00 00 01 70 CF D7, Modbus-RTU protocol specification V3.7.4, 2.2.2.
  for (const profile of ['eltako-dsz15dzmod', 'eltako-dsz16']) {
    expect(meantBy(profile, 'energyImport', '000001cd')).toBe(4610);
    expect(meantBy(profile, 'energyExport', '00000170')).toBe(3680);
  }
});

test('what a Carlo Gavazzi shows as EEE is no value, low words first', () => {
  for (const profile of ['carlo-gavazzi-em112', 'carlo-gavazzi-em340', 'carlo-gavazzi-em24-e1']) {
    expect(meantBy(profile, 'energyImport', 'ffff7fff')).toBe(undefined);
    expect(meantBy(profile, 'frequency', '7fff')).toBe(undefined);
    expect(meantBy(profile, 'voltage', '091b0000')).toBe(233.1);
  }
});

test('a serial number is read whole, whether zeros stand at its end or before each of its characters', () => {
  const { serialNumber } = loadModbusProfile('carlo-gavazzi-em340');
  const read = (hex: string) => serialNumber && decodeIdentity(Buffer.from(hex, 'hex'), serialNumber);
  expect(read('4b4235313030314100000000')).toBe('KB51001A');
  expect(read('004b00420035003100300031')).toBe('KB5101');
});

test('power of the OR-WE-514 has a sign', () => {
  expect(meantBy('orno-we-514', 'power', 'fffffb2e')).toBe(-1234);
});

const good = readFileSync(new URL('../../../hardware/profiles/hiking-dds238.yaml', import.meta.url), 'utf8');

test.each<[string, (text: string) => string, RegExp]>([
  ['a key that there is not', (text) => text.replace('kind: holding', 'kinds: holding'), /registers\[0\].*kinds/],
  [
    'a quantity that there is not',
    (text) => text.replace('voltage', 'volts'),
    /registers\[3\]\.quantity: "volts" is none of energyImport, .*frequency/,
  ],
  [
    "a unit that is not the quantity's",
    (text) => text.replace('unit: Wh', 'unit: kWh'),
    /registers\[0\]\.unit: energyImport is in Wh, not kWh: give a scale/,
  ],
  [
    'a quantity given twice',
    (text) => text.replace('energyExport', 'energyImport'),
    /registers\[1\]\.quantity: energyImport occurs twice/,
  ],
  ['a type that there is not', (text) => text.replace('uint32', 'u32'), /registers\[0\]\.type/],
  ['a register beyond the last', (text) => text.replace('0x0A, kind', '0x10000, kind'), /registers\[0\]\.at/],
  ['a scale of nothing', (text) => text.replace('scale: 10 ', 'scale: 0 '), /registers\[0\]\.scale: must not be 0/],
  [
    'a value longer than a reading may be',
    (text) => text.replace('longest: 21', 'longest: 1'),
    /registers\[0\]\.type: longer than/,
  ],
  ['no source', (text) => text.replace(/source:[\s\S]*(?=delivered)/, ''), /source/],
  ['a delivered speed that is none', (text) => text.replace('9600 8N1', 'fast'), /delivered: must be like/],
  ['a protocol that there is not', (text) => text.replace('modbus', 'morse'), /protocol/],
  ['no YAML', () => 'a: [1, 2', /line 1|at line|flow/i],
  ['nothing at all', () => '', /the file/],
])('%s is told by its place', (_, change, why) => {
  const changed = change(good);
  expect(changed).not.toBe(good);
  try {
    parseProfile(changed, 'mine.yaml');
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(HardwareError);
    expect((error as HardwareError).code).toBe('PROFILE_INVALID');
    expect((error as HardwareError).says).toMatch(why);
    expect((error as HardwareError).says).toContain('mine.yaml');
  }
});

test.each(['eastron-sdm12', '../eastron-sdm120', './nowhere.yaml', ''])(
  '"%s" is no profile, and those that are get named',
  (name) => {
    expect(() => loadProfile(name)).toThrow(
      expect.objectContaining({
        code: 'PROFILE_UNKNOWN',
        remedy: expect.stringContaining('hiking-dds238'),
      }),
    );
  },
);

test('a profile of ones own is found by its path', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'profile-')), 'mine.yaml');
  writeFileSync(path, good);
  expect(loadProfile(path)).toEqual(loadProfile('hiking-dds238'));
});

test('the profile shown in the README is one', () => {
  const readme = readFileSync(new URL('../../../hardware/README.md', import.meta.url), 'utf8');
  const example = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(parseProfile(example, 'README')).toMatchObject({
    registers: [{ quantity: 'energyImport' }, { quantity: 'power' }],
  });
});
