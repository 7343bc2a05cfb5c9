/**
 * Which of the known meters a Modbus device is: by what it says of itself, else by whose registers make sense in it.
 */

import type { Bus } from './bus/bus.ts';
import { HardwareError } from './errors.ts';
import type { Measured } from './meter.ts';
import { blockOf, decodeIdentity } from './modbus/identity.ts';
import { ModbusMeter } from './modbus/modbus-meter.ts';
import { RtuClient } from './modbus/rtu-client.ts';
import { loadProfile, shippedProfiles } from './profiles/load-profile.ts';
import type { ModbusProfile } from './profiles/profile.ts';

export interface Identified {
  /** Names of the profiles that fit, the likeliest first; all have the same registers. None: a device, but which? */
  readonly profiles: readonly string[];
  /** It has said so itself. */
  readonly sure: boolean;
  readonly serial?: string;
}

/** One answer that is lost would make it another meter. */
const tries = 2;

interface Known {
  readonly name: string;
  readonly profile: ModbusProfile;
}

/** @throws {HardwareError} PORT_*, LINE_NOT_QUIET; or the reason of `signal` */
export async function identify(bus: Bus, address: number, signal: AbortSignal): Promise<Identified> {
  const known = knownMeters();
  const said = await bySaying(known, bus, address, signal);
  if (said !== undefined) return { profiles: [said.name], sure: true, ...(await serialOf(said, bus, address, signal)) };
  let best: { readonly known: Known; readonly score: number } | undefined;
  for (const one of byRegisters(known)) {
    const score = await scoreOf(one, bus, address, signal);
    if (score > (best?.score ?? 0)) best = { known: one, score };
  }
  if (best === undefined) return { profiles: [], sure: false };
  const map = mapOf(best.known.profile);
  const profiles = known.filter(({ profile }) => mapOf(profile) === map && profile.model === undefined);
  return {
    profiles: profiles.map(({ name }) => name),
    sure: false,
    ...(await serialOf(best.known, bus, address, signal)),
  };
}

/** Those that others are like come first. */
function knownMeters(): Known[] {
  const known = shippedProfiles().flatMap((name) => {
    const profile = loadProfile(name);
    return profile.protocol === 'modbus' ? [{ name, profile }] : [];
  });
  const isLike = ({ profile }: Known) => profile.like !== undefined;
  return [...known.filter((one) => !isLike(one)), ...known.filter(isLike)];
}

/** One of each register map; what has a model would have said so. */
function byRegisters(known: readonly Known[]): Known[] {
  const maps = new Map<string, Known>();
  for (const one of known) {
    const map = mapOf(one.profile);
    if (one.profile.model === undefined && !maps.has(map)) maps.set(map, one);
  }
  return [...maps.values()];
}

function mapOf({ registers }: ModbusProfile): string {
  return JSON.stringify(registers);
}

async function bySaying(
  known: readonly Known[],
  bus: Bus,
  address: number,
  signal: AbortSignal,
): Promise<Known | undefined> {
  const answers = new Map<string, Buffer | undefined>();
  for (const one of known) {
    const { model } = one.profile;
    if (model === undefined) continue;
    const block = blockOf(model);
    const key = JSON.stringify(block);
    if (!answers.has(key)) {
      const client = new RtuClient(partyOf(one, bus, address));
      answers.set(key, await orNothing(bus.turn('identify', signal, (turn) => client.read(turn, block, tries))));
    }
    const bytes = answers.get(key);
    const found = bytes && decodeIdentity(bytes, model);
    const names: readonly (string | number)[] = model.is;
    if (found !== undefined && names.some((name) => String(name) === found)) return one;
  }
  return undefined;
}

async function scoreOf(one: Known, bus: Bus, address: number, signal: AbortSignal): Promise<number> {
  let doubts = 0;
  const remark = ({ code }: HardwareError) => {
    if (code === 'VALUE_IMPLAUSIBLE') doubts++;
  };
  const meter = new ModbusMeter({ bus, address, profile: one.profile, profileName: one.name, tries, remark });
  const measured = await orNothing(meter.read(signal));
  return measured === undefined || doubts > 0 ? 0 : lifeIn(measured, one.profile);
}

const livingVolts = { least: 80, most: 500 };
const livingHertz = { least: 45, most: 65 };

/** How much of what was read is as on a mains that is alive; 0 where something is not. */
function lifeIn(measured: readonly Measured[], { registers }: ModbusProfile): number {
  const alive = measured.every(({ unit, value }) => {
    if (unit === 'V') return value >= livingVolts.least && value <= livingVolts.most;
    if (unit === 'Hz') return value >= livingHertz.least && value <= livingHertz.most;
    return true;
  });
  const volts = measured.some(({ unit }) => unit === 'V');
  // A map without a voltage proves little: any device with zeros in it would do.
  if (!volts && registers.some(({ unit }) => unit === 'V')) return 0;
  if (!volts && measured.every(({ value }) => value === 0)) return 0;
  return alive ? measured.length + (volts ? 10 : 0) : 0;
}

async function serialOf(
  { name, profile }: Known,
  bus: Bus,
  address: number,
  signal: AbortSignal,
): Promise<{ serial?: string }> {
  const meter = new ModbusMeter({ bus, address, profile, profileName: name, tries });
  const serial = await orNothing(meter.serialNumber(signal));
  return serial === undefined ? {} : { serial };
}

function partyOf({ name, profile }: Known, bus: Bus, address: number) {
  return { meter: profile.name, profile: name, port: bus.port, address, delivered: profile.delivered ?? '' };
}

/** What a device refuses, or does not answer, says that it is another one. */
async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof HardwareError && error.code.startsWith('METER_')) return undefined;
    throw error;
  }
}
