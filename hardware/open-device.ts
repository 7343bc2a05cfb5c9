/**
 * The door to the hardware: a bus from its settings, a meter on a bus from its profile.
 */

import type { BusConfig } from './bus/bus-config.ts';
import type { Meter } from './meter.ts';

/** One line, shared by its devices: one request at a time, in fair turns. */
export interface Bus {
  readonly port: string;
  /** Lets the running request end, refuses the others, closes the port. */
  close(): Promise<void>;
}

export interface DeviceConfig {
  readonly bus: Bus;
  /** The unit id of Modbus. */
  readonly address: number;
  /** Name of a shipped profile, or the path of a file (anything with a `/` or ending in .yaml). */
  readonly profile: string;
  /** Serial number; when the profile knows where the device keeps its own, another one is refused. */
  readonly serial?: string;
}

/** Opens nothing yet: the port is opened by the first reading, and again whenever it has gone away. */
export function openBus(config: BusConfig): Bus {
  throw new Error(`not built yet: ${config.port}`);
}

/** @throws {HardwareError} PROFILE_UNKNOWN, PROFILE_INVALID */
export function openDevice(device: DeviceConfig): Meter {
  throw new Error(`not built yet: ${device.profile}`);
}
