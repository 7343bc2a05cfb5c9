/**
 * The schema of a profile that is read over Modbus: registers, and how the device wants to be asked.
 */

import * as z from 'zod';
import { type RegisterTypeName, registersOf, registerTypes } from '../modbus/register.ts';
import { type Quantity, unitOf } from '../quantity.ts';
import { Delivered, described, Plausible, QuantityName } from './shared-fields.ts';

const types = Object.keys(registerTypes) as RegisterTypeName[];

/** Zero-based, as on the wire. */
const RegisterAddress = z.int().min(0).max(0xffff);
const Kind = z.enum(['input', 'holding']);

const Place = z.strictObject({
  at: RegisterAddress,
  kind: Kind,
  type: z.enum(types),
  /** Of several registers, the one with the high bytes first (`big`, as most meters) or last. */
  wordOrder: z.enum(['big', 'little']).default('big'),
  /** Of the two bytes of a register. */
  byteOrder: z.enum(['big', 'little']).default('big'),
});

const Register = z
  .strictObject({
    ...Place.shape,
    quantity: QuantityName,
    unit: z.string(),
    /** Value in `unit` = number in the register · scale. */
    scale: z.number().refine((scale) => scale !== 0, 'must not be 0'),
    /** Where a register of the same form stands whose value is taken off: what flows the other way. */
    minus: RegisterAddress.optional(),
    /** Some devices of this name lack it: when one refuses it, the others are read without. */
    optional: z.boolean().default(false),
    /** Contents that mean "no value": all bytes, high ones first, in hex. */
    noValue: z.array(z.string().regex(/^([0-9A-F]{4})+$/, 'must be like FFFFFFFF')).optional(),
    /** Least and most that this device can measure; where it is left out, that of any house. */
    plausible: Plausible.optional(),
    /** Where a counter has no more digits and goes on from 0, in `unit`. */
    modulus: z.number().positive().optional(),
  })
  .superRefine((register, context) => {
    const { quantity, unit, noValue, type } = register;
    const problem = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (unit !== unitOf(quantity)) {
      problem('unit', `${quantity} is in ${unitOf(quantity)}, not ${unit}: give a scale that leads there`);
    }
    if (noValue?.some((pattern) => pattern.length !== 4 * registersOf(type))) {
      problem('noValue', `${type} has ${4 * registersOf(type)} digits in hex`);
    }
  });
export type Register = z.infer<typeof Register>;

/** A serial number, or the name of a model, that is text: two characters a register. */
const Text = z.strictObject({
  at: RegisterAddress,
  kind: Kind,
  type: z.literal('text'),
  registers: z.int().min(1).max(32),
});

const Identity = z.union([Place, Text]);
export type Identity = z.infer<typeof Identity>;

const Model = z.union([
  z.strictObject({ ...Place.shape, is: z.array(z.int()).min(1) }),
  z.strictObject({ ...Text.shape, is: z.array(z.string().min(1)).min(1) }),
]);
export type Model = z.infer<typeof Model>;

const Reading = z.strictObject({
  /** Most registers in one answer; the protocol's own limit is 125. */
  longest: z.int().min(1).max(125).default(125),
  /** Most registers in a row that may be read though the profile does not name them. */
  largestHole: z.int().min(0).default(0),
  /** How long it may take before it begins to answer, where it is slower than the bus is set to. */
  timeoutMs: z.int().min(10).max(10_000).optional(),
  /** How often it is asked before it counts as not answering. */
  tries: z.int().min(1).max(10).default(3),
});

export const ModbusProfile = z
  .strictObject({
    ...described,
    protocol: z.literal('modbus'),
    delivered: Delivered.optional(),
    reading: Reading.prefault({}),
    serialNumber: Identity.optional(),
    /** What the device says of itself: by this it is told from others with the same registers. */
    model: Model.optional(),
    registers: z.array(Register).min(1),
  })
  .superRefine(({ registers, reading }, context) => {
    const seen = new Map<string, Quantity>();
    const problem = (index: number, path: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['registers', index, path], message });
    registers.forEach(({ quantity, type, kind, at, minus }, index) => {
      if (registers.findIndex((other) => other.quantity === quantity) < index) {
        problem(index, 'quantity', `${quantity} occurs twice`);
      }
      if (registersOf(type) > reading.longest) {
        problem(index, 'type', `longer than the longest reading, ${reading.longest}`);
      }
      for (const start of minus === undefined ? [at] : [at, minus]) {
        for (let register = start; register < start + registersOf(type); register++) {
          const owner = seen.get(`${kind} ${register}`);
          if (owner !== undefined && owner !== quantity) problem(index, 'at', `${owner} stands there`);
          seen.set(`${kind} ${register}`, quantity);
        }
      }
    });
  });

export type ModbusProfile = z.infer<typeof ModbusProfile>;
