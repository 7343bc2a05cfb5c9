/**
 * The schema of a profile of meters that send telegrams: what is in them they say themselves.
 */

import * as z from 'zod';
import { Delivered, described } from './shared-fields.ts';

export const TelegramProfile = z
  .strictObject({
    ...described,
    protocol: z.enum(['dsmr', 'sml', 'iec62056']),
    delivered: Delivered,
    /** Seconds between two telegrams, at most. */
    sendsEvery: z.number().positive().max(120).default(10),
    /** It sends nothing unless it is asked (IEC 62056-21, mode A to C). */
    asked: z.boolean().default(false),
  })
  .refine(({ protocol, asked }) => !asked || protocol === 'iec62056', {
    path: ['asked'],
    error: 'only meters of IEC 62056-21 are asked',
  });

export type TelegramProfile = z.infer<typeof TelegramProfile>;
