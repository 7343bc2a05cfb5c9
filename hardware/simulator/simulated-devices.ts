/**
 * Devices that share a line, without the line: bytes from the master go in, what they answer comes out, each device
 * with its own load and faults.
 */

import { loadModbusProfile } from '../profiles/load-profile.ts';
import type { Quantity } from '../quantity.ts';
import { collision } from './collision.ts';
import { type Fault, type FaultMix, misbehave, pickFault, type Utterance } from './faults.ts';
import { type Load, LoadCounter } from './load.ts';
import type { RelayBoard } from './relay-board.ts';
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
  /** Quantities of its profile that this one has not. */
  readonly lacks?: readonly Quantity[];
  readonly fault?: Fault;
  /** Where it has no fault of its own. */
  readonly faults?: FaultMix;
}

/** A relay board beside the meters. */
export interface SimulatedRelay {
  readonly address: number;
  readonly board: RelayBoard;
  readonly faults?: FaultMix;
}

export interface DevicesOptions {
  readonly relays?: readonly SimulatedRelay[];
  /** From 0 up to 1: which of the mixed faults comes next. */
  readonly random?: () => number;
}

const volts = 230;
const hertz = 50;

export class SimulatedDevices {
  readonly #slaves: readonly Slave[];
  readonly #boards: ReadonlyMap<number, RelayBoard>;
  readonly #faults = new Map<number, Fault>();
  readonly #mixes: ReadonlyMap<number, FaultMix>;
  readonly #random: () => number;
  #received: Buffer = Buffer.alloc(0);

  /** @param now milliseconds since 1970 */
  constructor(devices: readonly SimulatedDevice[], now: () => number, options: DevicesOptions = {}) {
    const { relays = [], random = Math.random } = options;
    const started = now();
    this.#random = random;
    this.#boards = new Map(relays.map(({ address, board }) => [address, board]));
    this.#mixes = new Map([...devices, ...relays].map(({ address, faults = [] }) => [address, faults]));
    this.#slaves = devices.map((device) => slaveOf(device, now, started));
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
    const address = request.readUInt8(0);
    const answers = this.#slaves.filter((slave) => slave.address === address).map((slave) => answerTo(request, slave));
    const answer = answers.length === 0 ? this.#boards.get(address)?.answerTo(request) : answers.reduce(collision);
    return answer === undefined ? [] : misbehave(this.#takeFault(address), request, answer);
  }

  #takeFault(address: number): Fault | undefined {
    const fault = this.#faults.get(address) ?? pickFault(this.#mixes.get(address) ?? [], this.#random());
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
    profile: loadModbusProfile(device.profile),
    serialNumber: device.serialNumber ?? 10_000 + device.address,
    lacks: device.lacks,
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
