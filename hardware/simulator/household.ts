/**
 * A household on simulated lines: appliances, the meters that count them, the relays that turn them.
 */

import { resolve } from 'node:path';
import { HardwareError } from '../errors.ts';
import { loadRelay } from '../switching/load-relay.ts';
import { applianceLoad, behind, type Gate, together } from './appliance.ts';
import { type FaultMix, pickFault } from './faults.ts';
import type { Household, HouseholdLine, MeteredPlace } from './household-schema.ts';
import type { LivingLoad } from './load.ts';
import { startPullSimulator } from './pull-simulator.ts';
import { type PushSimulator, startPushSimulator } from './push-simulator.ts';
import { RelayBoard } from './relay-board.ts';
import { startSerialSimulator } from './serial-simulator.ts';
import type { TelegramWriting } from './telegram-source.ts';

export interface RunningHousehold {
  close(): Promise<void>;
}

/** How often a meter that sends telegrams may choose another fault. */
const chooseMs = 1000;

/**
 * @param folder where links start from
 * @param now milliseconds since 1970
 * @throws {HardwareError} HOUSEHOLD_INVALID, PROFILE_*
 */
export async function startHousehold(
  household: Household,
  folder: string,
  now: () => number,
  random: () => number = Math.random,
): Promise<RunningHousehold> {
  const boards = boardsOf(household, now);
  const loadOf = loadsOf(household, boards);
  const since = household.since === undefined ? startOfYear(now()) : Date.parse(household.since);
  const meterOf = (place: MeteredPlace) => ({
    load: loadOf(place),
    energyWh: place.kwh * 1000,
    exportWh: place.exportKwh * 1000,
    since,
    ...(place.serial !== undefined && { serialNumber: place.serial }),
  });
  const started: { close(): Promise<void> }[] = [];
  try {
    for (const line of household.lines) {
      started.push(await startLine(line, { folder, now, random, boards, meterOf }));
    }
  } catch (error) {
    await Promise.all(started.map((line) => line.close()));
    throw error;
  }
  return { close: async () => void (await Promise.all(started.map((line) => line.close()))) };
}

/** Baud rate and framing of a line as the agent has to open it. */
export function settingsOf(line: HouseholdLine): {
  baudRate: number;
  parity: string;
  dataBits: number;
  stopBits: number;
} {
  switch (line.protocol) {
    case 'modbus':
      return line;
    case 'dsmr':
      return line.version === '2.2' ? seven(9600) : eight(115_200);
    case 'iec62056':
      return seven(line.asked ? 300 : 9600);
    case 'sml':
    case 'lcus':
      return eight(9600);
  }
}

const seven = (baudRate: number) => ({ baudRate, parity: 'even', dataBits: 7, stopBits: 1 });
const eight = (baudRate: number) => ({ baudRate, parity: 'none', dataBits: 8, stopBits: 1 });

interface LineParts {
  readonly folder: string;
  readonly now: () => number;
  readonly random: () => number;
  readonly boards: ReadonlyMap<object, RelayBoard>;
  readonly meterOf: (place: MeteredPlace) => { readonly load: LivingLoad; readonly energyWh: number };
}

async function startLine(line: HouseholdLine, parts: LineParts): Promise<{ close(): Promise<void> }> {
  const { folder, now, random, boards, meterOf } = parts;
  const link = resolve(folder, line.link);
  switch (line.protocol) {
    case 'modbus': {
      const { devices, relays, ...settings } = line;
      return startSerialSimulator({
        ...settings,
        ...{ link, now, random },
        devices: devices.map((device) => ({
          ...meterOf(device),
          address: device.address,
          profile: device.profile,
          faults: device.faults,
        })),
        relays: relays.map((relay) => ({
          address: relay.address,
          board: boardOf(boards, relay),
          faults: relay.faults,
        })),
      });
    }
    case 'lcus':
      return startSerialSimulator({ link, now, devices: [], lcus: boardOf(boards, line) });
    default: {
      const { baudRate } = settingsOf(line);
      const meter = meterOf(line.meter);
      const simulator =
        line.protocol === 'iec62056' && line.asked
          ? await startPullSimulator({ meters: [meter], link, now })
          : await startPushSimulator({ meter, writing: writingOf(line), link, now, baudRate });
      return withFaults(simulator, line.meter.faults, random);
    }
  }
}

function writingOf(line: Exclude<HouseholdLine, { protocol: 'modbus' | 'lcus' }>): TelegramWriting {
  switch (line.protocol) {
    case 'dsmr':
      return { protocol: 'dsmr', version: line.version };
    case 'sml':
      return { protocol: 'sml', locked: line.locked };
    case 'iec62056':
      return { protocol: 'iec62056' };
  }
}

function withFaults(simulator: PushSimulator, faults: FaultMix, random: () => number): { close(): Promise<void> } {
  const choose = () => simulator.setFault(pickFault(faults, random()));
  const timer = faults.length > 0 ? setInterval(choose, chooseMs) : undefined;
  return {
    close() {
      clearInterval(timer);
      return simulator.close();
    },
  };
}

/** By the entry of the file that each is made of. */
function boardsOf({ lines }: Household, now: () => number): Map<object, RelayBoard> {
  const boards = new Map<object, RelayBoard>();
  for (const line of lines) {
    const relays = line.protocol === 'modbus' ? line.relays : line.protocol === 'lcus' ? [line] : [];
    for (const relay of relays) {
      const profile = loadRelay('profile' in relay ? relay.profile : 'lcus');
      const channels = Object.keys(relay.channels).map(Number);
      const beyond = channels.find((channel) => channel > profile.channels);
      if (beyond !== undefined) throw invalid(`${profile.name} has no channel ${beyond}`);
      boards.set(relay, new RelayBoard(profile, channels, now));
    }
  }
  return boards;
}

function boardOf(boards: ReadonlyMap<object, RelayBoard>, relay: object): RelayBoard {
  const board = boards.get(relay);
  if (board === undefined) throw new TypeError('relay: expected one of the household');
  return board;
}

function loadsOf({ appliances, lines }: Household, boards: ReadonlyMap<object, RelayBoard>) {
  const gates = new Map<string, Gate>();
  for (const [relay, board] of boards) {
    const { channels } = relay as { channels: Readonly<Record<string, string>> };
    for (const [channel, appliance] of Object.entries(channels)) {
      if (appliances[appliance] === undefined) throw invalid(`a relay turns ${appliance}, which is no appliance`);
      gates.set(appliance, {
        isOn: (at) => board.isOn(Number(channel), at),
        changes: (from, to) => board.changes(Number(channel), from, to),
      });
    }
  }
  const loads = new Map(
    Object.entries(appliances).map(([name, use]) => {
      const gate = gates.get(name);
      return [name, gate === undefined ? applianceLoad(use) : behind(gate, applianceLoad(use))];
    }),
  );
  const places = lines.flatMap((line) => placesOf(line));
  const twice = places.find(({ id }, index) => places.findIndex((other) => other.id === id) < index);
  if (twice !== undefined) throw invalid(`two meters are called ${twice.id}`);
  return ({ id, appliances: names }: MeteredPlace): LivingLoad =>
    together(
      names.map((name) => {
        const load = loads.get(name);
        if (load === undefined) throw invalid(`${id} counts ${name}, which is no appliance`);
        return load;
      }),
    );
}

export function placesOf(line: HouseholdLine): MeteredPlace[] {
  if (line.protocol === 'modbus') return line.devices;
  return line.protocol === 'lcus' ? [] : [line.meter];
}

function invalid(why: string): HardwareError {
  return new HardwareError('HOUSEHOLD_INVALID', { file: 'the household', why });
}

function startOfYear(now: number): number {
  return Date.UTC(new Date(now).getUTCFullYear(), 0);
}
