/**
 * What a meter is to whoever reads it, whatever the wire. Readings bear no time: the reader stamps them.
 */

import type { Quantity, Unit } from './quantity.ts';

/** One value of one quantity, in that quantity's unit (`quantities` in quantity.ts). */
export interface Measured {
  readonly quantity: Quantity;
  readonly unit: Unit;
  readonly value: number;
}

export interface Meter {
  /**
   * Asks the device for every quantity that its profile knows. A quantity for which the device says that it has no
   * value at the moment is missing from the answer; nothing is ever made up.
   * @param signal calls the request off: also while it still waits for the line
   * @throws {HardwareError} PORT_*, LINE_*, METER_*; or the reason of `signal`
   */
  read(signal: AbortSignal): Promise<Measured[]>;
}

/** A meter that may know who it is. */
export interface Device extends Meter {
  /**
   * Asks the device for its serial number.
   * @returns undefined where its profile does not know
   * @throws as `read`
   */
  serialNumber(signal: AbortSignal): Promise<string | undefined>;
  /** Where a counter has no more digits and goes on from 0, in its unit; those of which it is known. */
  readonly moduli?: Readonly<Partial<Record<Quantity, number>>>;
}

/** At 300 baud a meter may take so long for all it has to say; one that does not answer is known sooner. */
export const longestReadingMs = 180_000;
