/**
 * What the schemas of all kinds of profiles, of meters and of relay boards, have in common.
 */

import * as z from 'zod';
import { isQuantity, type Quantity, quantities } from '../quantity.ts';

export const QuantityName = z.custom<Quantity>((name) => typeof name === 'string' && isQuantity(name), {
  error: ({ input }) => `${JSON.stringify(input)} is none of ${Object.keys(quantities).join(', ')}`,
});

/** Speed and framing of a device as it comes from its maker. */
export const Delivered = z.string().regex(/^\d+ [78][NEO][12]$|^TCP$/, 'must be like "9600 8N1"');

/** [least, most] */
export const Plausible = z
  .tuple([z.number(), z.number()])
  .refine(([least, most]) => least < most, 'the least comes first');

export const described = {
  /** Maker and model, as people say it. */
  name: z.string().min(1),
  /** Where the profile is from: the maker's document with version and page, then who confirms it. */
  source: z.array(z.string().min(1)).min(1),
  /** The profile that it shares the rest with. */
  like: z.string().optional(),
  /** One source, or sources disagree: said by a scan and a try, and in the table of meters. */
  unconfirmed: z.boolean().default(false),
};
