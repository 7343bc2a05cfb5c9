/**
 * Polls the devices of one bus, each by its own interval, one after the other.
 */
import type { Logger } from 'pino';
import { type Clock, epochMs } from '../../broker/protocol/clock.ts';
import { DevicePoll, type DeviceState, type PolledDevice, type Sample } from './device-poll.ts';

/** Takes what one device gave at one instant. */
export type Keep = (samples: readonly { readonly device: string; readonly sample: Sample }[]) => void;

export class BusPoller {
  readonly #clock: Clock;
  readonly #keep: Keep;
  readonly #devices: readonly { readonly id: string; readonly poll: DevicePoll }[];
  readonly #stop = new AbortController();
  #callOff: () => void = () => {};
  #cycle: Promise<void> = Promise.resolve();
  #isPolling = false;

  constructor(parts: { devices: readonly PolledDevice[]; clock: Clock; log: Logger; keep: Keep }) {
    this.#clock = parts.clock;
    this.#keep = parts.keep;
    this.#devices = parts.devices.map((device) => ({
      id: device.id,
      poll: new DevicePoll(device, parts.clock, parts.log),
    }));
    // At once, also under a clock that stands; one that is stepped then waits until it is done.
    this.#cycle = this.#poll();
    parts.clock.at(parts.clock.now(), () => this.#cycle);
  }

  states(): DeviceState[] {
    return this.#devices.map(({ poll }) => poll.state());
  }

  /** The clock was set: nothing is waited for by the old one. */
  clockSet(): void {
    for (const { poll } of this.#devices) poll.dueNow();
    if (this.#isPolling) return;
    this.#callOff();
    this.#schedule();
  }

  /** Calls off the reading that runs, and all to come. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    this.#callOff();
    await this.#cycle;
  }

  #schedule(): void {
    const due = this.#devices.map(({ poll }) => poll.due);
    if (due.length === 0 || this.#stop.signal.aborted) return;
    this.#callOff = this.#clock.at(epochMs(Math.min(...due)), () => {
      this.#cycle = this.#poll();
      return this.#cycle;
    });
  }

  /** All that is due, kept together: one transaction a cycle, however many devices. */
  async #poll(): Promise<void> {
    const samples: { device: string; sample: Sample }[] = [];
    this.#isPolling = true;
    try {
      for (const { id, poll } of this.#devices) {
        if (poll.due > this.#clock.now()) continue;
        const sample = await poll.read(this.#stop.signal);
        if (sample !== undefined) samples.push({ device: id, sample });
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    } finally {
      this.#isPolling = false;
    }
    if (samples.length > 0) this.#keep(samples);
    this.#schedule();
  }
}
