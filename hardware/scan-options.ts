/**
 * What a scan tries, and for how long.
 */
import type { Parity } from './bus/bus-config.ts';

export interface ScanOptions {
  readonly addresses: readonly number[];
  readonly speeds: readonly number[];
  readonly parities: readonly Parity[];
  /** How long a device may take before it answers. */
  readonly timeoutMs: number;
  /** How long to listen for meters that send by themselves. */
  readonly listenMs: number;
}

export const scanDefaults: ScanOptions = {
  addresses: Array.from({ length: 20 }, (_, index) => index + 1),
  speeds: [9600, 19200, 2400, 4800, 38400, 57600, 115200],
  parities: ['none', 'even'],
  timeoutMs: 150,
  listenMs: 12_000,
};
