/**
 * The schema of a device profile: what a kind of device says and how it is asked. Devices are data.
 */

import * as z from 'zod';
import { ModbusProfile } from './modbus-profile.ts';
import { TelegramProfile } from './telegram-profile.ts';

/** Told apart by `protocol`. */
export const Profile = z.discriminatedUnion('protocol', [ModbusProfile, TelegramProfile]);
export type Profile = z.infer<typeof Profile>;

export type { ModbusProfile, Register } from './modbus-profile.ts';
export type { TelegramProfile } from './telegram-profile.ts';
