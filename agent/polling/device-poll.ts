/**
 * One device as it is polled: its last reading, its last failure, and when it is due. Says of an outage each thing that
 * is wrong once, and its end once.
 */
import type { Logger } from 'pino';
import type { Clock, EpochMs } from '../../broker/protocol/clock.ts';
import { HardwareError } from '../../hardware/errors.ts';
import type { Device, Measured } from '../../hardware/meter.ts';
import { formatDuration } from '../duration.ts';
import { AgentError, type Told, toldBy } from '../errors.ts';
import { nextPoll } from './schedule.ts';
import { type Ceiling, within } from './within.ts';

export interface PolledDevice {
  readonly id: string;
  readonly meter: Device;
  readonly everyMs: number;
  /** No reading takes longer, in real time: one that would is given up. */
  readonly ceilingMs: number;
  /** Told before the first reading, and the first after an outage: meanwhile it may have become another device. */
  readonly identified?: ((serial: string) => void) | undefined;
  /** What was said of it that is no reason not to read it; more may come. */
  readonly remarks?: readonly Told[];
}

export interface Sample {
  readonly at: EpochMs;
  /** On a clock that nobody sets; none where time is stepped. */
  readonly elapsed?: number | undefined;
  readonly measured: readonly Measured[];
}

export interface Failure extends Told {
  /** When the first of the readings in a row failed, and the last. */
  readonly since: EpochMs;
  readonly at: EpochMs;
  readonly tries: number;
  /** When the device answered again. */
  readonly until?: EpochMs;
}

export interface DeviceState {
  readonly id: string;
  readonly last?: Sample;
  readonly failure?: Failure;
  readonly remarks?: readonly Told[];
}

export class DevicePoll {
  readonly #device: PolledDevice;
  readonly #clock: Clock;
  readonly #log: Logger;
  #due: EpochMs;
  #last: Sample | undefined;
  #failure: Failure | undefined;
  #isKnown = false;
  /** What was said of this outage: what is wrong may be known better later, or something else. */
  readonly #said = new Set<string>();

  /** Due at once, then by its interval. */
  constructor(device: PolledDevice, clock: Clock, log: Logger) {
    this.#device = device;
    this.#clock = clock;
    this.#log = log.child({ device: device.id });
    this.#due = clock.now();
  }

  get due(): EpochMs {
    return this.#due;
  }

  /** The clock was set: when it was due by the old one says nothing. */
  dueNow(): void {
    this.#due = this.#clock.now();
  }

  state(): DeviceState {
    const { remarks = [] } = this.#device;
    return {
      id: this.#device.id,
      ...(this.#last && { last: this.#last }),
      ...(this.#failure && { failure: this.#failure }),
      ...(remarks.length > 0 && { remarks }),
    };
  }

  /** @returns what was read; undefined where that failed. @throws only the reason of `signal` */
  async read(signal: AbortSignal): Promise<Sample | undefined> {
    try {
      const measured = await within(this.#ceiling(), signal, async (limited) => {
        await this.#identify(limited);
        return this.#device.meter.read(limited);
      });
      this.#last = { at: this.#clock.now(), elapsed: this.#clock.elapsed?.(), measured };
      this.#answered(this.#last.at);
      return this.#last;
    } catch (error) {
      signal.throwIfAborted();
      this.#isKnown = false;
      this.#failed(error, this.#clock.now());
      return undefined;
    } finally {
      this.#due = nextPoll(this.#clock.now(), this.#device.everyMs, this.#holdUps());
    }
  }

  async #identify(signal: AbortSignal): Promise<void> {
    const { meter, identified } = this.#device;
    if (this.#isKnown || identified === undefined) return;
    const serial = await meter.serialNumber(signal).catch((error: unknown) => {
      // It has none where its profile thinks; that alone keeps nobody from reading it.
      if (error instanceof HardwareError && error.code === 'METER_EXCEPTION') return undefined;
      throw error;
    });
    // Nobody waits for it any more.
    signal.throwIfAborted();
    if (serial !== undefined && !isBlank(serial)) identified(serial);
    this.#isKnown = true;
  }

  #ceiling(): Ceiling {
    const { id, ceilingMs } = this.#device;
    return {
      ms: ceilingMs,
      late: () => new AgentError('READING_TOO_LONG', { device: id, seconds: Math.ceil(ceilingMs / 1000) }),
    };
  }

  /** Tries in a row that held up the line. A port that is not there holds up nobody, and is back any moment. */
  #holdUps(): number {
    if (this.#failure === undefined || !this.#isOut() || this.#failure.code.startsWith('PORT_')) return 0;
    return this.#failure.tries;
  }

  #isOut(): boolean {
    return this.#failure !== undefined && this.#failure.until === undefined;
  }

  #answered(at: EpochMs): void {
    if (this.#failure === undefined || !this.#isOut()) return;
    this.#failure = { ...this.#failure, until: at };
    const seconds = Math.max(1, Math.round((at - this.#failure.since) / 1000));
    this.#log.info(`${this.#device.id} answers again, after ${formatDuration(seconds * 1000)}`);
  }

  #failed(error: unknown, at: EpochMs): void {
    const told = toldBy(error);
    const goesOn = this.#isOut() ? this.#failure : undefined;
    this.#failure = {
      ...(told ?? bug(error)),
      since: goesOn?.since ?? at,
      at,
      tries: (goesOn?.tries ?? 0) + 1,
    };
    const { code, says, remedy } = this.#failure;
    if (goesOn === undefined) this.#said.clear();
    if (this.#said.has(code)) return;
    this.#said.add(code);
    // The stack only of what is none of our own errors: those say all there is to say.
    this.#log.warn({ code, ...(told === undefined && { err: error }) }, `${says}. What to do: ${remedy}`);
  }
}

/** Nothing but zeros, or all ones of 16 or 32 bits: a number that was never set. */
function isBlank(serial: string): boolean {
  return /^0*$/.test(serial) || serial === '65535' || serial === '4294967295';
}

function bug(error: unknown): Told {
  const kind = error instanceof Error ? error.name : typeof error;
  return {
    code: 'READING_FAILED',
    says: `reading failed by an error of the agent's own (${kind})`,
    remedy: 'Report it, with the lines around it in the log; polling goes on.',
  };
}
