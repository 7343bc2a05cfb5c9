/**
 * A bus with unequal devices in a storm: answers come late, twice, cut, damaged, with noise and echoes around them, from
 * others, or not at all, at random; every value that is read is compared with what it should be.
 */

import { fileURLToPath } from 'node:url';
import { busOver } from '../../hardware/bus/bus.ts';
import { busDefaults } from '../../hardware/bus/bus-config.ts';
import { HardwareError } from '../../hardware/errors.ts';
import { withCrc } from '../../hardware/modbus/crc16.ts';
import { openDevice } from '../../hardware/open-device.ts';
import { SimulatedDevices } from '../../hardware/simulator/simulated-devices.ts';
import { randomShares } from '../random.ts';
import { SimulatedTime } from '../simulated-time.ts';
import { MemoryLine } from './memory-line.ts';
import { never } from './never.ts';

export interface Storm {
  readonly requests: number;
  /** Readings that came; each is several values. */
  readonly read: number;
  readonly failed: number;
  readonly values: number;
  readonly wrong: readonly string[];
}

const hour = 3_600_000;
const timeoutMs = 100;
/** Its answers are equally long: nothing but time tells one from the next. */
const alike = fileURLToPath(new URL('./equal-blocks.yaml', import.meta.url));

/** Each answers in its own time, and none draws what another does. */
const kinds = [
  { profile: 'eastron-sdm120', answersAfterMs: 3, load: 10 },
  { profile: 'eastron-sdm120', answersAfterMs: 45, load: 20 },
  { profile: 'hiking-dds238', answersAfterMs: 90, load: 40 },
  { profile: alike, answersAfterMs: 20, load: 70 },
] as const;

/** @param requests how many are made, at least */
export async function playStorm(requests: number, seed: number): Promise<Storm> {
  const random = randomShares(seed);
  return new SimulatedTime().run(() => play(requests, random));
}

async function play(requests: number, random: () => number): Promise<Storm> {
  let now = 0;
  const devices = new SimulatedDevices(
    kinds.map(({ profile, load }, index) => ({ address: index + 1, profile, load, energyWh: 10_000_000 * index })),
    () => now,
  );
  let asked = 0;
  const line = new MemoryLine((request, self) => {
    asked++;
    const kind = kinds[(request[0] ?? 1) - 1];
    for (const { bytes } of devices.hear(request)) {
      for (const said of weather(request, Buffer.from(bytes), kind?.answersAfterMs ?? 0, random)) {
        self.say(said.bytes, said.afterMs, 1 + Math.floor(random() * 20));
      }
    }
    // Only their number is of interest here.
    self.sent.length = 0;
  });
  const bus = busOver(line, { ...busDefaults, port: 'memory', baudRate: 115_200, timeoutMs, pauseMs: 2 }, 'rtu');
  const meters = kinds.map(({ profile }, index) => openDevice({ bus, address: index + 1, profile }));
  const [storm, wrong] = [{ read: 0, failed: 0, values: 0 }, [] as string[]];
  while (asked < requests) {
    const index = Math.floor(random() * kinds.length);
    now += hour;
    try {
      const measured = await meters[index]?.read(never);
      storm.read++;
      for (const { quantity, value } of measured ?? []) {
        storm.values++;
        const right = rightValue(quantity, index, now);
        if (right !== undefined && Math.abs(value - right) > 0.006)
          wrong.push(`${quantity} of ${index + 1}: ${value}, not ${right}`);
      }
    } catch (error) {
      if (!(error instanceof HardwareError)) throw error;
      storm.failed++;
    }
  }
  await bus.close();
  return { requests: asked, ...storm, wrong };
}

/** All loads are whole watts, so that energies fall on whole units of every counter. */
function rightValue(quantity: string, index: number, now: number): number | undefined {
  const load = kinds[index]?.load ?? 0;
  const values: Readonly<Record<string, number>> = {
    energyImport: 10_000_000 * index + (load * now) / hour,
    energyExport: 0,
    power: load,
    voltage: 230,
    current: load / 230,
    frequency: 50,
  };
  return values[quantity];
}

interface Said {
  readonly bytes: Uint8Array;
  readonly afterMs: number;
}

/** Two in three answers come as they should. */
function weather(request: Buffer, answer: Buffer, afterMs: number, random: () => number): Said[] {
  const below = (most: number) => Math.floor(random() * most);
  const say = (...parts: Uint8Array[]): Said => ({ bytes: Buffer.concat(parts), afterMs });
  const noise = () => Buffer.from(Array.from({ length: 1 + below(9) }, () => below(256)));
  // Beyond twice the time-out nobody can tell an answer from the next one to the same question.
  const late = () => timeoutMs + below(timeoutMs - 10);
  switch (below(30)) {
    case 0:
    case 1:
      return [];
    case 2:
    case 3:
      return [{ bytes: answer, afterMs: late() }];
    case 4:
      return [say(answer), { bytes: answer, afterMs: afterMs + below(40) }];
    case 5:
      return [say(answer.subarray(0, below(answer.length)))];
    case 6:
      return [say(burst(answer, random))];
    case 7:
      return [say(noise(), answer)];
    case 8:
      return [say(answer, noise())];
    case 9:
      return [say(request, answer)];
    // Another device's answer in place of this one's, and one that nobody asked for behind it.
    case 10:
      return [say(withCrc(Buffer.of((answer[0] ?? 0) ^ 3, ...answer.subarray(1, -2))))];
    case 11:
      return [say(answer, withCrc(Buffer.of((answer[0] ?? 0) ^ 1, ...answer.subarray(1, -2))))];
    default:
      return [say(answer)];
  }
}

/** Damage that is no longer than the check, which therefore finds it for sure; of longer one in 65,536 passes. */
function burst(answer: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(answer);
  const from = Math.floor(random() * (copy.length - 1));
  copy.writeUInt16BE(copy.readUInt16BE(from) ^ (1 + Math.floor(random() * 65_535)), from);
  return copy;
}
