/**
 * Devices that share a line, without the line: bytes from the master go in, what they answer comes out, each device
 * with its own load and faults.
 */

import { loadProfile } from '../profiles/load-profile.ts';
import { type Fault, misbehave, type Utterance } from './faults.ts';
import { type Load, LoadCounter } from './load.ts';
import { answerTo, requestEnd, requestLength, type Slave } from './slave.ts';

export interface SimulatedDevice {
  readonly address: number;
  /** Name of a shipped profile, or a path. */
  readonly profile: string;
  readonly load: Load;
  /** What the counters said at `since`. */
  readonly energyWh?: number;
  readonly exportWh?: number;
  /** From when the load counts; the start of the simulator if not given. Given, a restarted one counts on. */
  readonly since?: number;
  readonly serialNumber?: number;
  readonly fault?: Fault;
}

const volts = 230;
const hertz = 50;

export class SimulatedDevices {
  readonly #slaves: ReadonlyMap<number, Slave>;
  readonly #faults = new Map<number, Fault>();
  #received: Buffer = Buffer.alloc(0);

  /** @param now milliseconds since 1970 */
  constructor(devices: readonly SimulatedDevice[], now: () => number) {
    const started = now();
    this.#slaves = new Map(devices.map((device) => [device.address, slaveOf(device, now, started)]));
    for (const { address, fault } of devices) this.setFault(address, fault);
  }

  setFault(address: number, fault: Fault | undefined): void {
    if (fault) this.#faults.set(address, fault);
    else this.#faults.delete(address);
  }

  /** @returns what comes back, and after how much longer than a healthy device takes */
  hear(bytes: Buffer): Utterance[] {
    this.#received = Buffer.concat([this.#received, bytes]);
    const answers: Utterance[] = [];
    for (let end = requestEnd(this.#received); end !== undefined; end = requestEnd(this.#received)) {
      answers.push(...this.#answer(this.#received.subarray(end - requestLength, end)));
      this.#received = this.#received.subarray(end);
    }
    // No request is longer: what lies further back is noise.
    this.#received = this.#received.subarray(-requestLength + 1);
    return answers;
  }

  #answer(request: Buffer): Utterance[] {
    const slave = this.#slaves.get(request.readUInt8(0));
    if (slave === undefined) return [];
    return misbehave(this.#takeFault(slave.address), request, answerTo(request, slave));
  }

  #takeFault(address: number): Fault | undefined {
    const fault = this.#faults.get(address);
    if (fault?.times === undefined) return fault;
    this.setFault(address, fault.times > 1 ? { ...fault, times: fault.times - 1 } : undefined);
    return fault;
  }
}

function slaveOf(device: SimulatedDevice, now: () => number, started: number): Slave {
  const start = { import: device.energyWh ?? 0, export: device.exportWh ?? 0 };
  const counter = new LoadCounter(device.load, device.since ?? started, start);
  return {
    address: device.address,
    profile: loadProfile(device.profile),
    serialNumber: device.serialNumber ?? 10_000 + device.address,
    measure() {
      const { watts, importWh, exportWh } = counter.at(now());
      return {
        energyImport: microWh(importWh),
        energyExport: microWh(exportWh),
        power: watts,
        voltage: volts,
        voltageL2: volts,
        voltageL3: volts,
        // A simulated device hangs on the first phase.
        current: Math.abs(watts) / volts,
        currentL2: 0,
        currentL3: 0,
        frequency: hertz,
      };
    },
  };
}

/** Takes away what dividing leaves behind the last digit that matters, so that 13.5 kWh is not a hair less. */
function microWh(wh: number): number {
  return Math.round(wh * 1e6) / 1e6;
}
