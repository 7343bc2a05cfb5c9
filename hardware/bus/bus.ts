/**
 * A bus: one line and the turns of those who speak on it. Whoever has the turn has the line for itself; a protocol
 * is what it does with it. Knows no protocol.
 */

import { HardwareError } from '../errors.ts';
import { charMs, type FullBusConfig } from './bus-config.ts';
import type { Endpoint } from './connection.ts';
import { FairQueue } from './fair-queue.ts';
import { Line, type Listener, strayQuietMs } from './line.ts';

/**
 * How questions and answers are told apart on the way: by silence (`rtu`), or by a number that each question bears and
 * its answer repeats (`tcp`).
 */
export type Framing = 'rtu' | 'tcp';

/** The line, for as long as the turn lasts. */
export interface Turn {
  readonly framing: Framing;
  /** How long a device may take before it answers, if it does not say otherwise. */
  readonly timeoutMs: number;
  /** How long one character takes on the wire. */
  readonly charMs: number;
  /** Fires when the port goes away or the reader gives up; then nothing more will be heard. */
  readonly cut: AbortSignal;
  /**
   * Waits until it is safe to speak; whatever was heard before is dropped.
   * @throws {HardwareError} LINE_NOT_QUIET; or the reason of `cut`
   */
  silence(): Promise<void>;
  /** From now on `listener` hears what comes in; without one it is dropped, and the line counts as not quiet. */
  listen(listener: Listener | undefined): void;
  /** @throws {HardwareError} PORT_GONE; or the reason of `cut` */
  send(bytes: Uint8Array): void;
  /** Something was heard that nobody asked for: its rest is awaited before anyone speaks. */
  stray(): void;
  /** What was asked for may still come, though nobody waits for it any more: whoever speaks next waits that long. */
  distrust(): void;
  /** From now on the line has this speed; until the end of the turn, or until it is put back by undefined. */
  speed(baudRate: number | undefined): Promise<void>;
  /** A number that no other question on this line has had for long. */
  number(): number;
  /** What is sent on this line is heard there, too: the adapter hears itself. */
  echoes(): boolean;
  heardEcho(): void;
}

export interface Bus {
  readonly port: string;
  /** How long one character takes on the wire. */
  readonly charMs: number;
  readonly timeoutMs: number;
  /** A device that is slower than the bus is set to hangs on it, too. */
  admit(timeoutMs: number): void;
  /**
   * Does `work` when it is the turn of `who`. Nobody gets a second turn while others wait.
   * @param who the device spoken to: on a change the line is left in peace for a while
   * @param urgent before all the readings that wait: for what a person waits for, as a switch
   * @throws {HardwareError} PORT_*, LINE_NOT_QUIET, BUS_CLOSED; what `work` throws; or the reason of `signal`
   */
  turn<T>(who: string, signal: AbortSignal, work: (turn: Turn) => Promise<T>, urgent?: boolean): Promise<T>;
  /** Lets the running turn end, refuses the others, closes the port. */
  close(): Promise<void>;
}

/** Opens nothing yet: the port is opened by the first turn, and again whenever it has gone away. */
export function busOver(endpoint: Endpoint, settings: FullBusConfig, framing: Framing = 'rtu'): Bus {
  return new LineBus(endpoint, settings, framing);
}

const numbers = 0x10000;
const shortestGapMs = 1.75;

class LineBus implements Bus {
  readonly port: string;
  readonly charMs: number;
  readonly timeoutMs: number;
  readonly #framing: Framing;
  readonly #settings: FullBusConfig;
  #slowestMs: number;
  #number = 0;
  #echoes = false;
  readonly #line: Line;
  readonly #queue = new FairQueue();
  #last: string | undefined;
  #isChanged = false;

  constructor(endpoint: Endpoint, settings: FullBusConfig, framing: Framing) {
    this.port = endpoint.name;
    this.charMs = charMs(settings);
    this.timeoutMs = settings.timeoutMs;
    this.#slowestMs = settings.timeoutMs;
    this.#framing = framing;
    this.#settings = settings;
    // Above 19200 baud the silence gets no shorter (Modbus over serial line 1.02, 2.5.1.1).
    this.#line = new Line(endpoint, Math.max(3.5 * this.charMs, shortestGapMs));
  }

  admit(timeoutMs: number): void {
    this.#slowestMs = Math.max(this.#slowestMs, timeoutMs);
  }

  async turn<T>(who: string, signal: AbortSignal, work: (turn: Turn) => Promise<T>, urgent = false): Promise<T> {
    const end = await this.#queue.take(who, signal, urgent);
    const cut = new AbortController();
    const giveUp = () => cut.abort(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      if (signal.aborted) throw signal.reason;
      await this.#line.open();
      this.#line.watch((error) => cut.abort(error));
      this.#changeTo(who);
      return await work(this.#turn(cut.signal));
    } finally {
      signal.removeEventListener('abort', giveUp);
      // Whatever goes on by mistake after its turn must neither speak nor hear.
      cut.abort(new Error('the turn is over'));
      this.#line.watch(undefined);
      this.#line.listen(undefined);
      await this.#speed(undefined);
      end();
    }
  }

  async close(): Promise<void> {
    await this.#queue.close(new HardwareError('BUS_CLOSED', { port: this.port }));
    await this.#line.close();
  }

  #turn(cut: AbortSignal): Turn {
    const line = this.#line;
    return {
      framing: this.#framing,
      timeoutMs: this.timeoutMs,
      charMs: this.charMs,
      cut,
      silence: () => line.silence(cut),
      listen(listener) {
        if (!cut.aborted) line.listen(listener);
      },
      send(bytes) {
        if (cut.aborted) throw cut.reason;
        line.send(bytes);
      },
      speed: (baudRate) => this.#speed(baudRate),
      stray: () => line.distrust(strayQuietMs),
      distrust: () => line.distrust(Math.max(this.#slowestMs, strayQuietMs)),
      number: () => {
        this.#number = (this.#number + 1) % numbers;
        return this.#number;
      },
      echoes: () => this.#echoes,
      heardEcho: () => {
        this.#echoes = true;
      },
    };
  }

  async #speed(baudRate: number | undefined): Promise<void> {
    if (baudRate === undefined && !this.#isChanged) return;
    this.#isChanged = baudRate !== undefined;
    // A port that is gone by now is opened again at its own speed.
    await this.#line.speed(baudRate ?? this.#settings.baudRate).catch(() => {});
  }

  /** Slaves need air when another one was spoken to. */
  #changeTo(who: string): void {
    if (this.#last !== undefined && this.#last !== who) this.#line.oweSilence(this.#settings.pauseMs);
    this.#last = who;
  }
}
