/**
 * The real value of one integer step, where nobody chose one. Pure.
 */
import type { Scaled } from '../protocol/fields.ts';

/** A tenth of a Wh, a W, a hundredth of an A: finer than the meters, far inside what the fields hold. */
export function resolutionOf(unit: string): Scaled {
  const known: Readonly<Record<string, Scaled>> = { Wh: [1, -1], W: [1, 0], A: [1, -2], V: [1, -1] };
  return known[unit] ?? [1, -1];
}
