/**
 * The shelf of device profiles.
 */

import { HardwareError } from '../errors.ts';
import { type ModbusProfile, Profile } from './profile.ts';
import { openShelf } from './shelf.ts';

export const {
  names: shippedProfiles,
  load: loadProfile,
  parse: parseProfile,
} = openShelf(new URL('.', import.meta.url), Profile);

/** @throws {HardwareError} PROFILE_UNKNOWN, PROFILE_INVALID; that, too, for a meter that sends telegrams */
export function loadModbusProfile(profile: string): ModbusProfile {
  const loaded = loadProfile(profile);
  if (loaded.protocol === 'modbus') return loaded;
  throw new HardwareError('PROFILE_INVALID', { profile, why: `it is of ${loaded.protocol}, where Modbus is needed` });
}
