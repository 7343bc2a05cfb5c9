/**
 * The kinds of fields messages are made of, each once (the upper part of protocol.cddl).
 */
import * as z from 'zod';
import { tagPattern } from './tag-pattern.ts';

const utf8 = new TextEncoder();
const size = (text: string) => utf8.encode(text).length;

export const bytes = (length?: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && (length === undefined || value.length === length));
export const text = (min: number, max: number) =>
  z.string().refine((value) => size(value) >= min && size(value) <= max);

export const Uint = z.int().nonnegative();
export const Int = z.int();
export const Positive = z.int().positive();
/** An instant, milliseconds since 1970. */
export const Ms = Uint;
export const Hash = bytes(32);
export const Key = bytes(32);
export const Salt = bytes(16);
export const RoundId = bytes(16);

/** Homes and cohorts: no dots, safe as one MQTT topic level. */
export const Id = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
/** Names of parties that are no homes. */
export const reservedIds: readonly string[] = ['coordinator', 'operator', 'authority'];
export const HomeId = Id.refine((id) => !reservedIds.includes(id));
export const Tag = z.string().regex(tagPattern);
export const Tags = z.array(Tag).min(1).max(16);
export const Quantity = text(1, 32);
export const UnitName = text(1, 8);

/** In one home's catalogue. */
export const mostTensors = 256;

/** A real number: mantissa · 10^exponent10, mantissa above 0. */
export const Scaled = z.tuple([Positive, z.int().min(-12).max(12)]);
export type Scaled = z.infer<typeof Scaled>;

export const Query = z.strictObject({ tags: Tags, quantity: Quantity, unit: UnitName });
export type Query = z.infer<typeof Query>;

/** `slots` intervals `[from + k·step, from + (k+1)·step)`; milliseconds, UTC. */
export const Grid = z.strictObject({ from: Ms, step: Positive, slots: z.int().min(1).max(4096) });
export type Grid = z.infer<typeof Grid>;

export const Statistics = z.strictObject({
  variance: z.literal(true).optional(),
  /** `start` and `width` in steps of the resolution. */
  histogram: z.strictObject({ start: Int, width: Positive, buckets: z.int().min(2).max(8) }).optional(),
});
export type Statistics = z.infer<typeof Statistics>;

export const DeclineReason = z.enum(['paused', 'not-published', 'spent', 'no-data', 'policy']);
export type DeclineReason = z.infer<typeof DeclineReason>;
