/**
 * The door to the switches: a channel of a relay board on a bus, from the board's profile.
 */

import type { Bus } from '../bus/bus.ts';
import { HardwareError } from '../errors.ts';
import { LcusSwitch } from './lcus-switch.ts';
import { loadRelay } from './load-relay.ts';
import { ModbusSwitch } from './modbus-switch.ts';
import type { Switch } from './switch.ts';

export interface SwitchConfig {
  readonly bus: Bus;
  /** The unit id of Modbus; a board without addresses takes any. */
  readonly address: number;
  /** Name of a shipped relay board, or the path of a file. */
  readonly profile: string;
  /** From 1, as printed on the board. */
  readonly channel: number;
  /** Whole seconds after which the board turns its channels off when nobody speaks to it. */
  readonly safetyS?: number | undefined;
}

/**
 * Asks the board nothing yet.
 * @throws {HardwareError} PROFILE_UNKNOWN, PROFILE_INVALID, SWITCH_NO_CHANNEL, SWITCH_NO_TIMER
 */
export function openSwitch({ bus, address, profile: profileName, channel, safetyS }: SwitchConfig): Switch {
  const profile = loadRelay(profileName);
  const { name: relay, channels } = profile;
  if (channel > channels) throw new HardwareError('SWITCH_NO_CHANNEL', { relay, channel, channels });
  const longest = profile.protocol === 'modbus' ? (profile.safetyTimer?.longestS ?? 0) : 0;
  if (safetyS !== undefined && safetyS > longest) throw new HardwareError('SWITCH_NO_TIMER', { relay, longest });
  switch (profile.protocol) {
    case 'modbus':
      return new ModbusSwitch({ bus, address, profile, profileName, channel, safetyS });
    case 'lcus':
      return new LcusSwitch({ bus, profile, channel });
  }
}
