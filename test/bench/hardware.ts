/**
 * Buses: the time that polling takes against what the wire itself needs, and what dead devices cost the others.
 */
import type { Bus } from '../../hardware/bus/bus.ts';
import { busDefaults, charMs } from '../../hardware/bus/bus-config.ts';
import { DevicePlan } from '../../hardware/modbus/device-plan.ts';
import { lineTimeAt } from '../../hardware/modbus/read-plan.ts';
import { openBus, openDevice } from '../../hardware/open-device.ts';
import { loadModbusProfile } from '../../hardware/profiles/load-profile.ts';
import { startRemoteSimulator } from '../hardware/remote-simulator.ts';
import { atLeast, atMost, type Figure, type Measurement } from './figure.ts';

const profile = 'eastron-sdm630';
/** From the last byte of a question to the first of the answer: as SDM630 and their like take at least. */
const answerMs = 20;
const never = new AbortController().signal;

export const measure: Measurement = async () => [await pollTime(9600), await pollTime(115_200), await rateBesideDead()];

const meters = 8;
const rounds = 8;

async function pollTime(baudRate: number): Promise<Figure> {
  const addresses = Array.from({ length: meters }, (_, index) => index + 1);
  const { bus, end } = await lineWith(addresses, baudRate, 500);
  const devices = addresses.map((address) => openDevice({ bus, address, profile }));
  for (const device of devices) await device.read(never);
  const timings: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    for (const device of devices) await device.read(never);
    timings.push(performance.now() - started);
  }
  await end();
  const median = timings.sort((one, other) => one - other)[Math.floor(rounds / 2)] ?? Number.NaN;
  const value = median / (meters * readingMs(baudRate));
  return { name: `poll time over the wire's limit, ${baudRate} baud`, value, unit: '', goal: atMost(1.1) };
}

const questionChars = 8;
const frameChars = 5;

/** Characters, silences and the device's own time, of all blocks of one reading. */
function readingMs(baudRate: number): number {
  const perChar = charMs({ ...busDefaults, baudRate });
  const silenceMs = Math.max(3.5 * perChar, 1.75);
  const { blocks } = new DevicePlan(loadModbusProfile(profile), lineTimeAt(perChar));
  return blocks.reduce(
    (sum, { count }) => sum + (questionChars + frameChars + 2 * count) * perChar + silenceMs + 3.5 * perChar + answerMs,
    0,
  );
}

const live = 29;
const dead = 3;
const baudRate = 115_200;
const timeoutMs = 100;
/** By then the dead ones have been found out. */
const settleMs = 20_000;
const countMs = 15_000;

async function rateBesideDead(): Promise<Figure> {
  const addresses = Array.from({ length: live }, (_, index) => index + 1);
  const { bus, end } = await lineWith(addresses, baudRate, timeoutMs);
  const alone = await rate(bus, addresses, 0);
  const beside = await rate(bus, [...addresses, ...Array.from({ length: dead }, (_, index) => 100 + index)], settleMs);
  await end();
  const name = `rate of ${live} devices beside ${dead} dead ones, against alone`;
  return { name, value: beside / alone, unit: '', goal: atLeast(0.9) };
}

/** @returns readings a second of those that answer, each asked again as soon as it is its turn */
async function rate(bus: Bus, addresses: readonly number[], settle: number): Promise<number> {
  const from = performance.now() + settle;
  const until = from + countMs;
  let readings = 0;
  await Promise.all(
    addresses.map(async (address) => {
      const device = openDevice({ bus, address, profile });
      while (performance.now() < until) {
        const answered = await device.read(never).then(
          () => true,
          () => false,
        );
        const now = performance.now();
        if (answered && now >= from && now < until) readings++;
        // One that backs off refuses at once.
        if (!answered) await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }),
  );
  return (1000 * readings) / countMs;
}

async function lineWith(addresses: readonly number[], speed: number, timeout: number) {
  const devices = addresses.map((address) => ({ address, profile, load: 100 * address }));
  const simulator = await startRemoteSimulator({ baudRate: speed, answerMs, devices }, 0);
  const bus = openBus({ port: simulator.path, baudRate: speed, timeoutMs: timeout, pauseMs: 0 });
  return {
    bus,
    end: async () => {
      await bus.close();
      await simulator.unplug();
    },
  };
}
