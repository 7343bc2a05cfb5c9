/**
 * Opens the buses and devices of the configuration and polls them.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { Bus } from '../../hardware/bus/bus.ts';
import { betterName } from '../../hardware/bus/list-ports.ts';
import { HardwareError } from '../../hardware/errors.ts';
import type { Device } from '../../hardware/meter.ts';
import { openBus, openDevice } from '../../hardware/open-device.ts';
import type { DeviceSettings, Settings } from '../config-schema.ts';
import { AgentError, type Told } from '../errors.ts';
import type { KnownDevice } from '../store/device-store.ts';
import type { ReadingStore } from '../store/reading-store.ts';
import type { TrustedTime } from '../time/time-watch.ts';
import type { Troubles } from '../troubles.ts';
import { BusPoller } from './bus-poller.ts';
import { CounterWatch, limitsBy } from './counter-watch.ts';
import { busConfigOf, deviceConfigOf } from './device-config.ts';
import type { DeviceState, PolledDevice } from './device-poll.ts';
import { keeperOf } from './keeper.ts';
import { WaitingReadings } from './waiting-readings.ts';
import { within } from './within.ts';

export interface Polling {
  /** Of all devices, in the order of the configuration. */
  readonly states: () => DeviceState[];
  /** Of the configuration, by its id: others may take turns on it. */
  readonly busOf: (id: string) => Bus;
  /** The machine's clock was set: what was waited for by it is due. */
  readonly clockSet: () => void;
  readonly close: () => Promise<void>;
}

export interface PollingParts {
  readonly settings: Pick<Settings, 'dataDir' | 'buses' | 'devices' | 'tensors'>;
  /** May change while it runs. */
  readonly devices: ReadonlyMap<string, KnownDevice>;
  readonly readings: ReadingStore;
  /** Told which serial number a device says it has. */
  readonly identified?: (device: string, serial: string) => void;
  readonly clock: Clock;
  readonly time: TrustedTime;
  readonly troubles: Troubles;
  readonly log: Logger;
}

/** @throws {HardwareError} PROFILE_UNKNOWN, PROFILE_INVALID; what is wrong with a port or a device is said later */
export function startPolling(parts: PollingParts): Polling {
  const { settings, clock, log } = parts;
  const meters = new Map<string, Device>();
  const limitsOf = limitsBy(settings, (device, quantity) => meters.get(device)?.moduli?.[quantity]);
  const counters = new CounterWatch({ ...parts, limitsOf });
  const waiting = new WaitingReadings({ ...parts, counters });
  const keep = keeperOf({ ...parts, waiting });
  const lines = settings.buses.map((busSettings) => {
    const bus = openBus(busConfigOf(busSettings));
    const devices = settings.devices.filter((device) => device.bus === busSettings.id);
    return { id: busSettings.id, bus, devices: devices.map((device) => polledDevice(bus, device, parts)) };
  });
  for (const { id, meter } of lines.flatMap((line) => line.devices)) meters.set(id, meter);
  for (const { port } of settings.buses) void sayBetterName(port, log);
  // Only now that every profile is known to be right.
  const opened = lines.map(({ bus, devices }) => ({ bus, poller: new BusPoller({ devices, clock, log, keep }) }));
  return {
    states() {
      const states = new Map(opened.flatMap(({ poller }) => poller.states()).map((state) => [state.id, state]));
      return settings.devices.map(({ id }) => states.get(id) ?? { id });
    },
    busOf(id) {
      const line = lines.find((one) => one.id === id);
      if (line === undefined) throw new TypeError(`bus ${id}: expected one of the configuration`);
      return line.bus;
    },
    clockSet() {
      for (const { poller } of opened) poller.clockSet();
      waiting.store();
    },
    async close() {
      await Promise.all(
        opened.map(async ({ bus, poller }) => {
          await poller.close();
          await closeBus(bus, log);
        }),
      );
      waiting.close();
    },
  };
}

function polledDevice(
  bus: Bus,
  device: DeviceSettings,
  { identified, clock, log }: Pick<PollingParts, 'identified' | 'clock' | 'log'>,
): PolledDevice {
  const { id, serial, pollEvery } = device;
  const remarks: Told[] = [];
  const remark = ({ code, says, remedy }: HardwareError) => {
    remarks.push({ code, says, remedy });
    log.warn({ device: id, code }, `${says}. What to do: ${remedy}`);
  };
  const meter = openDevice({ ...deviceConfigOf(bus, device, clock), remark });
  // One whose number is configured refuses to be read as another.
  const tell = serial === undefined && identified !== undefined ? (found: string) => identified(id, found) : undefined;
  return { id, meter, everyMs: pollEvery, ceilingMs: ceilingOf(bus), identified: tell, remarks };
}

/** ttyUSB0 is taken as it is, with advice. */
async function sayBetterName(port: string, log: Logger): Promise<void> {
  const name = await betterName(port);
  if (name === undefined) return;
  const { code, message, remedy } = new HardwareError('PORT_NAME_CHANGES', { port, name });
  log.warn({ code }, `${message}. What to do: ${remedy}`);
}

/** By now no reading runs; a plug may be in the middle of being turned. */
const longestCloseMs = 3_000;

/** A bus lets the running turn end: one that never does keeps its port, but not the agent. */
async function closeBus(bus: Bus, log: Logger): Promise<void> {
  const late = new AgentError('BUS_NOT_CLOSED', { port: bus.port, seconds: longestCloseMs / 1000 });
  try {
    await within({ ms: longestCloseMs, late: () => late }, new AbortController().signal, () => bus.close());
  } catch (error) {
    if (error !== late) throw error;
    log.warn({ code: late.code }, `${late.message}. What to do: ${late.remedy}`);
  }
}

/** Of a meter that is read at 300 baud, twice: its whole list takes a minute or two. */
const longestTelegramMs = 5 * 60_000;
/** Blocks of registers, tries of each, and the silences between. */
const mostWaits = 100;

/** Every driver has its own time-outs: this is only for a reading that none of them ends. */
function ceilingOf({ timeoutMs }: Bus): number {
  return longestTelegramMs + mostWaits * timeoutMs;
}
