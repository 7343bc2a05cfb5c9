/**
 * The schema of a relay board's profile: which coil or register turns which channel. Devices are data.
 */

import * as z from 'zod';
import { Delivered, described } from '../profiles/shared-fields.ts';

const board = {
  ...described,
  delivered: Delivered,
  channels: z.int().min(1).max(64),
  /** What a person has to know before wiring it. */
  warning: z.string().optional(),
};

const RegisterAddress = z.int().min(0).max(0xffff);
const Word = z.int().min(0).max(0xffff);

/** A holding register in which the board counts down while nobody speaks to it; at its end all channels go off. */
const SafetyTimer = z.strictObject({ at: RegisterAddress, longestS: z.int().min(1).max(0xffff).default(0xffff) });

const ModbusRelay = z
  .strictObject({
    ...board,
    protocol: z.literal('modbus'),
    /** Of channel 1; the others follow. */
    coil: RegisterAddress.optional(),
    /** Holding registers, that of channel 1; what turns it on and off, and what it then says it is. */
    register: z
      .strictObject({
        at: RegisterAddress,
        on: Word,
        off: Word,
        says: z.strictObject({ on: Word, off: Word }),
      })
      .optional(),
    safetyTimer: SafetyTimer.optional(),
  })
  .refine(({ coil, register }) => (coil === undefined) !== (register === undefined), 'has either coil or register');

/** Bytes without an address: A0, channel, 1 or 0, sum; asked by FF, it says its channels in words. */
const LcusRelay = z.strictObject({ ...board, protocol: z.literal('lcus') });

/** Told apart by `protocol`. */
export const RelayProfile = z.discriminatedUnion('protocol', [ModbusRelay, LcusRelay]);
export type RelayProfile = z.infer<typeof RelayProfile>;
export type ModbusRelayProfile = z.infer<typeof ModbusRelay>;
export type LcusProfile = z.infer<typeof LcusRelay>;
