/**
 * Looks for devices on a port: at which speed and framing, which protocol, which address.
 */

import type { Bus } from './bus/bus.ts';
import { busDefaults, type LineSettings } from './bus/bus-config.ts';
import { networkOf } from './bus/network.ts';
import { settingsOf, settingsText } from './bus/settings-text.ts';
import { HardwareError } from './errors.ts';
import { type Identified, identify } from './identify.ts';
import { RtuClient } from './modbus/rtu-client.ts';
import { openBus, openDevice } from './open-device.ts';
import { loadProfile, shippedProfiles } from './profiles/load-profile.ts';
import type { ScanOptions } from './scan-options.ts';

export interface Found extends Identified {
  /** As a bus wants it: a path, or a URL that says what is spoken. */
  readonly port: string;
  /** None over TCP. */
  readonly settings?: LineSettings;
  /** None of a meter that is alone on its port. */
  readonly address?: number;
}

export interface Progress {
  readonly port: string;
  readonly what: string;
  /** From 0 to 1, of this port. */
  readonly share: number;
}

/**
 * @param port path of a serial port; a URL as a bus has it; or host:port, where both ways to speak are tried
 * @throws {HardwareError} PORT_*, LINE_NOT_QUIET; or the reason of `signal`
 */
export async function scanPort(
  port: string,
  options: ScanOptions,
  progress: (at: Progress) => void,
  signal: AbortSignal,
): Promise<Found[]> {
  const host = hostOf(port);
  if (host !== undefined) return scanHost(host, options, progress, signal);
  const ways = options.speeds.flatMap((baudRate) =>
    options.parities.map((parity): LineSettings => ({ baudRate, parity, dataBits: 8, stopBits: 1 })),
  );
  const step = 1 / (ways.length + 1);
  for (const [index, settings] of ways.entries()) {
    const found = await onBus({ port, ...settings }, options, signal, (share) =>
      progress({ port, what: settingsText(settings), share: (index + share) * step }),
    );
    // All devices of a line have one speed.
    if (found.length > 0) return found.map((one) => ({ ...one, settings }));
  }
  return listen(
    port,
    options,
    (share) => progress({ port, what: 'listening', share: 1 - step + share * step }),
    signal,
  );
}

/** Whether anything answers at an address: also a refusal is an answer. @throws as `scanPort` */
export async function answersAt(bus: Bus, address: number, signal: AbortSignal): Promise<boolean> {
  const party = { meter: 'a device', profile: 'none', port: bus.port, address, delivered: '' };
  const client = new RtuClient(party);
  for (const kind of ['input', 'holding'] as const) {
    try {
      await bus.turn(`scan ${address}`, signal, (turn) => client.read(turn, { kind, at: 0, count: 2 }, 1));
      return true;
    } catch (error) {
      if (!(error instanceof HardwareError) || !error.code.startsWith('METER_')) throw error;
      if (error.code === 'METER_EXCEPTION') return true;
    }
  }
  return false;
}

function hostOf(port: string): string | undefined {
  if (networkOf(port) !== undefined) return port.replace(/^[a-z-]+:\/\//, '').replace(/\/$/, '');
  return /^[^/\s:]+:\d{1,5}$/.test(port) ? port : undefined;
}

async function scanHost(
  host: string,
  options: ScanOptions,
  progress: (at: Progress) => void,
  signal: AbortSignal,
): Promise<Found[]> {
  let failure: unknown;
  const ways = [`modbus-tcp://${host}`, `rtu-over-tcp://${host}`].filter((way) => networkOf(way) !== undefined);
  for (const [index, port] of ways.entries()) {
    try {
      const found = await onBus({ port }, options, signal, (share) =>
        progress({ port, what: port, share: (index + share) / ways.length }),
      );
      if (found.length > 0) return found;
    } catch (error) {
      // One that hangs up at what it does not understand may still speak the other way.
      if (!(error instanceof HardwareError) || error.code !== 'PORT_GONE') throw error;
      failure = error;
    }
  }
  if (failure !== undefined) throw failure;
  return [];
}

async function onBus(
  line: { readonly port: string } & Partial<LineSettings>,
  { addresses, timeoutMs }: ScanOptions,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<Found[]> {
  const bus = openBus({ ...line, timeoutMs, pauseMs: 0 });
  const found: Found[] = [];
  try {
    for (const [index, address] of addresses.entries()) {
      progress(index / addresses.length);
      if (await answersAt(bus, address, signal)) {
        found.push({ port: line.port, address, ...(await identify(bus, address, signal)) });
      }
    }
    return found;
  } finally {
    await bus.close();
  }
}

/** For meters that send by themselves, or when they are asked as those with an optical head are. */
async function listen(
  port: string,
  { listenMs }: ScanOptions,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Found[]> {
  const names = shippedProfiles().filter((name) => loadProfile(name).protocol !== 'modbus');
  for (const [index, name] of names.entries()) {
    progress(index / names.length);
    const settings = settingsOf(loadProfile(name).delivered ?? '') ?? busDefaults;
    const bus = openBus({ port, ...settings, timeoutMs: 1000 });
    try {
      const meter = openDevice({ bus, profile: name });
      await meter.read(AbortSignal.any([signal, AbortSignal.timeout(listenMs)]));
      const { baudRate, parity, dataBits, stopBits } = settings;
      return [{ port, settings: { baudRate, parity, dataBits, stopBits }, profiles: [name], sure: true }];
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HardwareError && error.code.startsWith('PORT_')) throw error;
    } finally {
      await bus.close();
    }
  }
  return [];
}
