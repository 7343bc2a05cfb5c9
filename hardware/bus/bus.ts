/**
 * A bus: one line and the turns of those who speak on it. Whoever has the turn has the line for itself; a protocol
 * is what it does with it. Knows no protocol.
 */

import { HardwareError } from '../errors.ts';
import { charMs, type FullBusConfig } from './bus-config.ts';
import type { Endpoint } from './connection.ts';
import { FairQueue } from './fair-queue.ts';
import { Line, type Listener, strayQuietMs } from './line.ts';

/** The line, for as long as the turn lasts. */
export interface Turn {
  /** How long a device may take before it answers. */
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
}

export interface Bus {
  readonly port: string;
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
export function busOver(endpoint: Endpoint, settings: FullBusConfig): Bus {
  return new LineBus(endpoint, settings);
}

class LineBus implements Bus {
  readonly port: string;
  readonly #settings: FullBusConfig;
  readonly #line: Line;
  readonly #queue = new FairQueue();
  #last: string | undefined;

  constructor(endpoint: Endpoint, settings: FullBusConfig) {
    this.port = endpoint.name;
    this.#settings = settings;
    this.#line = new Line(endpoint, 3.5 * charMs(settings));
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
      end();
    }
  }

  async close(): Promise<void> {
    await this.#queue.close(new HardwareError('BUS_CLOSED', { port: this.port }));
    await this.#line.close();
  }

  #turn(cut: AbortSignal): Turn {
    const line = this.#line;
    const { timeoutMs } = this.#settings;
    return {
      timeoutMs,
      charMs: charMs(this.#settings),
      cut,
      silence: () => line.silence(cut),
      listen(listener) {
        if (!cut.aborted) line.listen(listener);
      },
      send(bytes) {
        if (cut.aborted) throw cut.reason;
        line.send(bytes);
      },
      stray: () => line.distrust(strayQuietMs),
      distrust: () => line.distrust(Math.max(timeoutMs, strayQuietMs)),
    };
  }

  /** Slaves need air when another one was spoken to. */
  #changeTo(who: string): void {
    if (this.#last !== undefined && this.#last !== who) this.#line.oweSilence(this.#settings.pauseMs);
    this.#last = who;
  }
}
