/**
 * The door to the hardware: a bus from its settings, a device on a bus from its profile.
 */

import { type Bus, busOver } from './bus/bus.ts';
import { type BusConfig, busDefaults } from './bus/bus-config.ts';
import { endpointOf } from './bus/endpoint-of.ts';
import type { P1Keys } from './dsmr/encrypted-framer.ts';
import { HardwareError } from './errors.ts';
import { PullMeter } from './iec62056/pull-meter.ts';
import type { Device } from './meter.ts';
import { ModbusMeter } from './modbus/modbus-meter.ts';
import { loadProfile } from './profiles/load-profile.ts';
import { PushMeter } from './push-meter.ts';

export interface DeviceConfig {
  readonly bus: Bus;
  /**
   * The unit id of Modbus, 1 to 247; or the text by which one of several meters on a line is asked (IEC 62056-21). A meter
   * that is alone on its port needs none.
   */
  readonly address?: number | string | undefined;
  /** Name of a shipped profile, or the path of a file (anything with a `/` in it or .yaml at its end). */
  readonly profile: string;
  /** Serial number; where the profile knows how to ask for it, a device with another one is refused. */
  readonly serial?: string | undefined;
  /** Of a customer port that is encrypted. */
  readonly keys?: P1Keys | undefined;
  /** Whether a telegram that bears this time, in milliseconds since 1970, is new enough; for meters that send by themselves. */
  readonly isCurrent?: ((at: number) => boolean) | undefined;
  /**
   * How long it may take to answer, or until its next telegram; and how often it is asked before it counts as silent.
   * Before its profile.
   */
  readonly timeoutMs?: number | undefined;
  readonly tries?: number | undefined;
  /** Told once of each thing that is not as the profile says, and yet no reason not to read: it lacks a quantity, … */
  readonly remark?: ((remark: HardwareError) => void) | undefined;
}

/** Opens nothing yet: the port is opened by the first reading, and again whenever it has gone away. */
export function openBus(config: BusConfig): Bus {
  const settings = { ...busDefaults, ...config };
  const { endpoint, framing } = endpointOf(settings);
  return busOver(endpoint, settings, framing);
}

/**
 * Asks the device nothing yet.
 * @throws {HardwareError} PROFILE_UNKNOWN, PROFILE_INVALID, DEVICE_WITHOUT_ADDRESS
 */
export function openDevice(device: DeviceConfig): Device {
  const profile = loadProfile(device.profile);
  switch (profile.protocol) {
    case 'modbus':
      return new ModbusMeter({ ...device, address: addressOf(device), profile, profileName: device.profile });
    case 'iec62056':
      if (profile.asked)
        return new PullMeter({ ...device, address: textOf(device), profile, profileName: device.profile });
      return new PushMeter({ ...device, profile, profileName: device.profile });
    case 'dsmr':
    case 'sml':
      return new PushMeter({ ...device, profile, profileName: device.profile });
  }
}

function addressOf({ address, profile }: DeviceConfig): number {
  if (typeof address !== 'number') throw new HardwareError('DEVICE_WITHOUT_ADDRESS', { profile });
  return address;
}

/** A number is what a meter without an address is given, too. */
function textOf({ address }: DeviceConfig): string | undefined {
  return typeof address === 'string' ? address : undefined;
}
