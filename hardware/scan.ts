/**
 * Looks for devices on a port: at which speed and framing, which protocol, which address.
 */

import type { Bus } from './bus/bus.ts';
import type { LineSettings } from './bus/bus-config.ts';
import { networkOf } from './bus/network.ts';
import { settingsText } from './bus/settings-text.ts';
import { HardwareError } from './errors.ts';
import { type Identified, identify } from './identify.ts';
import { listenAt, talks } from './listen.ts';
import { type Block, RtuClient } from './modbus/rtu-client.ts';
import { openBus } from './open-device.ts';
import { loadProfile } from './profiles/load-profile.ts';
import type { ScanOptions } from './scan-options.ts';

/** Most meters that send by themselves do so every second or two. */
const talkMs = 2_500;
/** Where on the way of a port asking ends and listening begins. */
const listening = 0.9;
const damagedTries = 3;

export interface Found extends Identified {
  /** As a bus wants it: a path, or a URL that says what is spoken. */
  readonly port: string;
  /** None over TCP. */
  readonly settings?: LineSettings;
  /** None of a meter that is alone on its port. */
  readonly address?: number;
  /** What whoever installs it has to look at. */
  readonly remarks: readonly HardwareError[];
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
  const heard = async (from: number) => {
    const at = (share: number) => progress({ port, what: 'listening', share: from + share * (1 - from) });
    const one = await listenAt(port, options.listenMs, at, signal);
    if (one === undefined) return [];
    const { profile, ...rest } = one;
    return [{ port, ...rest, profiles: [profile], sure: true }];
  };
  // One that talks by itself need not be asked at all speeds before it is listened to.
  const isTalking = await talks(port, Math.min(options.listenMs, talkMs), signal);
  const talker = isTalking ? await heard(0) : [];
  if (talker.length > 0) return talker;
  const asked = await scanLine(port, options, progress, signal);
  return asked.length > 0 || isTalking ? asked : heard(listening);
}

async function scanLine(
  port: string,
  options: ScanOptions,
  progress: (at: Progress) => void,
  signal: AbortSignal,
): Promise<Found[]> {
  const ways = options.speeds.flatMap((baudRate) =>
    options.parities.map((parity): LineSettings => ({ baudRate, parity, dataBits: 8, stopBits: 1 })),
  );
  for (const [index, settings] of ways.entries()) {
    const found = await onBus({ port, ...settings }, options, signal, (share) =>
      progress({ port, what: settingsText(settings), share: ((index + share) / ways.length) * listening }),
    );
    // All devices of a line have one speed.
    if (found.length > 0) return found.map((one) => ({ ...one, settings }));
  }
  return [];
}

/** Whether anything answers at an address: also a refusal is an answer. @throws as `scanPort` */
export async function answersAt(bus: Bus, address: number, signal: AbortSignal): Promise<boolean> {
  return (await answerAt(bus, address, signal)) === 'answers';
}

/** @returns METER_ADDRESS_TWICE where several answer at once: new meters of one kind all have the same address */
async function answerAt(
  bus: Bus,
  address: number,
  signal: AbortSignal,
): Promise<'answers' | HardwareError | undefined> {
  for (const kind of ['input', 'holding'] as const) {
    const failure = await failureAt(bus, address, { kind, at: 0, count: 2 }, 1, signal);
    if (failure === undefined) return 'answers';
    if (failure.code !== 'METER_BAD_FRAME') continue;
    // One damaged answer may be by chance.
    const again = await failureAt(bus, address, { kind, at: 0, count: 2 }, damagedTries, signal);
    if (again === undefined) return 'answers';
    if (again.code === 'METER_ADDRESS_TWICE') return again;
  }
  return undefined;
}

async function failureAt(
  bus: Bus,
  address: number,
  block: Block,
  tries: number,
  signal: AbortSignal,
): Promise<HardwareError | undefined> {
  const client = new RtuClient({ meter: 'a device', profile: 'none', port: bus.port, address, delivered: '' });
  try {
    await bus.turn(`scan ${address}`, signal, (turn) => client.read(turn, block, tries));
    return undefined;
  } catch (error) {
    if (!(error instanceof HardwareError) || !error.code.startsWith('METER_')) throw error;
    return error.code === 'METER_EXCEPTION' ? undefined : error;
  }
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
      const answer = await answerAt(bus, address, signal);
      if (answer instanceof HardwareError) {
        found.push({ port: line.port, address, profiles: [], sure: false, remarks: [answer] });
      } else if (answer === 'answers') {
        const identified = await identify(bus, address, signal);
        found.push({ port: line.port, address, ...identified, remarks: doubts(line.port, address, identified) });
      }
    }
    return found;
  } finally {
    await bus.close();
  }
}

/** Several profiles fit where models have the same registers: which one it is, its front tells. */
function doubts(port: string, address: number, { profiles }: Identified): HardwareError[] {
  const [profile] = profiles;
  if (profile === undefined) return [];
  const said = loadProfile(profile).unconfirmed ? [new HardwareError('PROFILE_UNCONFIRMED', { profile })] : [];
  if (profiles.length < 2) return said;
  const names = profiles.map((name) => loadProfile(name).name).join(', ');
  return [new HardwareError('PROFILES_ALIKE', { port, address, profile, profiles: names }), ...said];
}
