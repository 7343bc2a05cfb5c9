/**
 * How one serial line is set, with the defaults. Knows nothing of what is spoken on it.
 */

export type Parity = 'none' | 'even' | 'odd';

export interface LineSettings {
  readonly baudRate: number;
  readonly parity: Parity;
  readonly dataBits: 7 | 8;
  readonly stopBits: 1 | 2;
}

export interface BusConfig extends Partial<LineSettings> {
  /**
   * Path of the port; one under /dev/serial/by-id stays the same when adapters are plugged in another order. Or
   * modbus-tcp://host:502, or rtu-over-tcp://host:port; the settings are then those of the line behind the gateway.
   */
  readonly port: string;
  /** How long a device may take before the first byte of its answer; bytes on the wire come on top. */
  readonly timeoutMs?: number;
  /** Silence on the line before another address is asked than the last one. */
  readonly pauseMs?: number;
}

export const busDefaults = {
  baudRate: 9600,
  parity: 'none',
  dataBits: 8,
  stopBits: 1,
  timeoutMs: 500,
  // Two devices fail on a line where each alone works, unless they get air; mbmd waits as long (meters/rtu.go).
  pauseMs: 200,
} as const satisfies Required<Omit<BusConfig, 'port'>>;

export type FullBusConfig = Required<BusConfig>;

/** Milliseconds that one character takes: start bit, data, parity, stop. */
export function charMs(settings: LineSettings): number {
  const bits = 1 + settings.dataBits + (settings.parity === 'none' ? 0 : 1) + settings.stopBits;
  return (1000 * bits) / settings.baudRate;
}
