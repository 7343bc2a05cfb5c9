/**
 * What a switch is to whoever turns it, whatever the wire.
 */

/** `unknown` where the device cannot say, or did not: nobody assumes that it did what it was told. */
export type SwitchState = 'on' | 'off' | 'unknown';

export interface Switch {
  /**
   * Turns it, then asks the device for its state. Goes before the readings that wait for the line.
   * @returns what the device says it is now: as asked, or `unknown`
   * @throws {HardwareError} SWITCH_NOT_DONE where it says otherwise; PORT_*, LINE_*, METER_*; or the reason of `signal`
   */
  set(on: boolean, signal: AbortSignal): Promise<SwitchState>;
  /** @throws as `set` */
  state(signal: AbortSignal): Promise<SwitchState>;
}
