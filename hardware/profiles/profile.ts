/**
 * The schema of a device profile: what the registers of a kind of device mean. Devices are data.
 */

import * as z from 'zod';
import { type RegisterTypeName, registersOf, registerTypes } from '../modbus/register.ts';
import { isQuantity, type Quantity, quantities, unitOf } from '../quantity.ts';

const types = Object.keys(registerTypes) as RegisterTypeName[];

/** Zero-based, as on the wire. */
const RegisterAddress = z.int().min(0).max(0xffff);

const Place = z.strictObject({
  at: RegisterAddress,
  kind: z.enum(['input', 'holding']),
  type: z.enum(types),
  /** Of several registers, the one with the high bytes first (`big`, as most meters) or last. */
  wordOrder: z.enum(['big', 'little']).default('big'),
});

const Register = z
  .strictObject({
    ...Place.shape,
    quantity: z.custom<Quantity>((name) => typeof name === 'string' && isQuantity(name), {
      error: ({ input }) => `${JSON.stringify(input)} is none of ${Object.keys(quantities).join(', ')}`,
    }),
    unit: z.string(),
    /** Value in `unit` = number in the register · scale. */
    scale: z.number().refine((scale) => scale !== 0, 'must not be 0'),
  })
  .refine(({ quantity, unit }) => unit === unitOf(quantity), {
    path: ['unit'],
    error: ({ input }) => {
      const { quantity, unit } = input as { quantity: Quantity; unit: string };
      return `${quantity} is in ${unitOf(quantity)}, not ${unit}: give a scale that leads there`;
    },
  });
export type Register = z.infer<typeof Register>;

const Reading = z.strictObject({
  /** Most registers in one answer; the protocol's own limit is 125. */
  longest: z.int().min(1).max(125).default(125),
  /** Most registers in a row that may be read though the profile does not name them. */
  largestHole: z.int().min(0).default(0),
});

export const Profile = z
  .strictObject({
    /** Maker and model, as people say it. */
    name: z.string().min(1),
    protocol: z.literal('modbus'),
    /** Where the register map is from: the maker's document with version and page, then who confirms it. */
    source: z.array(z.string().min(1)).min(1),
    /** Speed and framing of a device as it comes from its maker. */
    delivered: z.string().regex(/^\d+ [78][NEO][12]$/, 'must be like "9600 8N1"'),
    reading: Reading.prefault({}),
    serialNumber: Place.optional(),
    registers: z.array(Register).min(1),
  })
  .superRefine(({ registers, reading }, context) => {
    const seen = new Set<string>();
    registers.forEach(({ quantity, type }, index) => {
      if (seen.has(quantity)) {
        context.addIssue({
          code: 'custom',
          path: ['registers', index, 'quantity'],
          message: `${quantity} occurs twice`,
        });
      }
      seen.add(quantity);
      if (registersOf(type) > reading.longest) {
        const message = `longer than the longest reading, ${reading.longest}`;
        context.addIssue({ code: 'custom', path: ['registers', index, 'type'], message });
      }
    });
  });

export type Profile = z.infer<typeof Profile>;
/** The next protocol makes this a union, told apart by `protocol`. */
export type ModbusProfile = Profile;
