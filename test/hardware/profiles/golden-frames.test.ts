/**
 * Each shipped Modbus profile against frames that were not made by this code: test/fixtures/golden-frames.json holds,
 * of each, the questions of its reading plan and the answers of a device with the values beside them.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { busOver } from '../../../hardware/bus/bus.ts';
import { busDefaults } from '../../../hardware/bus/bus-config.ts';
import { decodeRegisters } from '../../../hardware/modbus/register.ts';
import { openDevice } from '../../../hardware/open-device.ts';
import { loadModbusProfile, loadProfile, shippedProfiles } from '../../../hardware/profiles/load-profile.ts';
import { isPlausible, plausibleRange } from '../../../hardware/profiles/plausible.ts';
import type { Quantity } from '../../../hardware/quantity.ts';
import { answerTo } from '../../../hardware/simulator/slave.ts';
import { MemoryLine } from '../memory-line.ts';
import { never } from '../never.ts';
import { goldenAddress as address, type Golden, goldenFrames } from './add-golden-frames.ts';

const golden = goldenFrames();
const names = shippedProfiles().filter((name) => loadProfile(name).protocol === 'modbus');

test('there are golden frames of each profile, and at least forty models', () => {
  expect(Object.keys(golden).sort(), 'run add-golden-frames.ts').toEqual(names);
  expect(names.length).toBeGreaterThanOrEqual(40);
});

test.each(names)('%s reads the golden frames right, and the simulator gives the same', async (name) => {
  const { values, frames } = golden[name] as Golden;
  const line = new MemoryLine((question, self) => {
    const answer = frames.find(([asked]) => asked === question.toString('hex'))?.[1];
    if (answer !== undefined) self.say(Buffer.from(answer, 'hex'), 0, 300);
  });
  const bus = busOver(line, { ...busDefaults, port: 'memory', pauseMs: 0, timeoutMs: 50 });
  const remarks: string[] = [];
  const meter = openDevice({ bus, address, profile: name, remark: ({ says }) => remarks.push(says) });
  const read = Object.fromEntries((await meter.read(never)).map(({ quantity, value }) => [quantity, value]));
  await bus.close();
  expect(read).toEqual(values);
  expect(remarks).toEqual([]);

  const profile = loadModbusProfile(name);
  const slave = { address, profile, serialNumber: 1, measure: () => values };
  for (const [question, answer] of frames) {
    expect(answerTo(Buffer.from(question, 'hex'), slave).toString('hex')).toBe(answer);
  }
});

test.each(names)('%s: two sources or unconfirmed, energy and power, and what was read is plausible', (name) => {
  const { source, registers, unconfirmed } = loadModbusProfile(name);
  expect(source.length > 1 || unconfirmed).toBe(true);
  for (const one of source) expect(one.length).toBeGreaterThan(15);
  const quantities = registers.map(({ quantity }) => quantity);
  expect(quantities).toContain('energyImport');
  expect(quantities).toContain('power');
  const { values } = golden[name] as Golden;
  for (const register of registers) {
    const value = values[register.quantity] ?? Number.NaN;
    expect(isPlausible(value, plausibleRange(register)), register.quantity).toBe(true);
  }
});

test('no profile has the registers of another: what is the same is shared by reference', () => {
  const seen = new Map<string, string>();
  for (const name of names) {
    const text = readFileSync(new URL(`../../../hardware/profiles/${name}.yaml`, import.meta.url), 'utf8');
    if (/^like:/m.test(text)) continue;
    const map = JSON.stringify(loadModbusProfile(name).registers);
    expect(seen.get(map), `${name} is a copy`).toBeUndefined();
    seen.set(map, name);
  }
});

test.each<[string, string, Quantity, number]>([
  // github.com/ioBroker/ioBroker.modbus issue 286: a frame of a real ET112, read by function 3.
  ['carlo-gavazzi-et112', '01 03 04 09 1B 00 00 89 A8', 'voltage', 233.1],
  // Eastron, SDM120M protocol V2.5, 2.1: the answer that the maker prints.
  ['eastron-sdm120', '01 04 04 43 66 33 34 1B 38', 'voltage', 230.20001],
])('%s: a frame that was not made up, %s, is a %s of %s', (name, frame, quantity, value) => {
  const register = loadModbusProfile(name).registers.find((one) => one.quantity === quantity);
  const bytes = Buffer.from(frame.replaceAll(' ', ''), 'hex').subarray(3, -2);
  expect(register && decodeRegisters(bytes, register)).toBe(value);
});
