/**
 * The door to the hardware: a bus from its settings, a device on a bus from its profile.
 */

import { type Bus, busOver } from './bus/bus.ts';
import { type BusConfig, busDefaults } from './bus/bus-config.ts';
import { serialEndpoint } from './bus/serial-endpoint.ts';
import type { Device } from './meter.ts';
import { ModbusMeter } from './modbus/modbus-meter.ts';
import { loadProfile } from './profiles/load-profile.ts';

export interface DeviceConfig {
  readonly bus: Bus;
  /** The unit id of Modbus, 1 to 247. */
  readonly address: number;
  /** Name of a shipped profile, or the path of a file (anything with a `/` in it or .yaml at its end). */
  readonly profile: string;
  /** Serial number; where the profile knows how to ask for it, a device with another one is refused. */
  readonly serial?: string | undefined;
}

/** Opens nothing yet: the port is opened by the first reading, and again whenever it has gone away. */
export function openBus(config: BusConfig): Bus {
  const settings = { ...busDefaults, ...config };
  return busOver(serialEndpoint(settings), settings);
}

/**
 * Asks the device nothing yet.
 * @throws {HardwareError} PROFILE_UNKNOWN, PROFILE_INVALID
 */
export function openDevice({ bus, address, profile, serial }: DeviceConfig): Device {
  const meant = loadProfile(profile);
  switch (meant.protocol) {
    case 'modbus':
      return new ModbusMeter({ bus, address, profile: meant, profileName: profile, serial });
  }
}
