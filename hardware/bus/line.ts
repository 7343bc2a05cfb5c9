/**
 * One line and the silence on it: keeps the connection, drops what nobody asked for, and says when it is safe to speak.
 * Knows no protocol, and no turns.
 */

import { HardwareError } from '../errors.ts';
import type { Connection, Endpoint } from './connection.ts';
import { pause } from './pause.ts';

/** After bytes that nobody asked for: longer than adapters hold bytes back (FTDI: 16 ms). */
export const strayQuietMs = 50;
const longestNoiseMs = 5_000;
/** How long to listen before speaking: in doubt also longer than that, else for what the system has ready. */
const tickMs = 20;
const glanceMs = 2;
const stalledMs = 20;
const shortestBackOffMs = 100;
/**
 * Who plugs an adapter in again waits for it: looking for a port costs next to nothing. Less than the shortest interval
 * of polls, so that each of them looks.
 */
const longestBackOffMs = 500;

export type Listener = (bytes: Uint8Array) => void;

export class Line {
  readonly #endpoint: Endpoint;
  /** Silence that is always kept: Modbus over serial line 1.02, 2.5.1.1 asks for 3.5 characters. */
  readonly #gapMs: number;
  #connection: Connection | undefined;
  #listener: Listener | undefined;
  #onGone: ((error: HardwareError) => void) | undefined;
  #activeAt = Number.NEGATIVE_INFINITY;
  #owedMs = 0;
  #doubtful = false;
  #failure: { readonly error: unknown; readonly count: number; readonly until: number } | undefined;

  constructor(endpoint: Endpoint, gapMs: number) {
    this.#endpoint = endpoint;
    this.#gapMs = gapMs;
  }

  /**
   * Opens the port if it is not open. While it backs off from a failure, it gives that failure again.
   * @throws {HardwareError} PORT_*
   */
  async open(): Promise<void> {
    if (this.#connection) return;
    if (this.#failure && performance.now() < this.#failure.until) throw this.#failure.error;
    try {
      this.#connection = await this.#connect();
      this.#failure = undefined;
      this.distrust(strayQuietMs);
    } catch (error) {
      const count = (this.#failure?.count ?? 0) + 1;
      const waitMs = Math.min(shortestBackOffMs * 2 ** (count - 1), longestBackOffMs);
      this.#failure = { error, count, until: performance.now() + waitMs };
      throw error;
    }
  }

  /** From now on `listener` hears what comes in; without one, what comes in is dropped. */
  listen(listener: Listener | undefined): void {
    this.#listener = listener;
  }

  /** From now on `onGone` is told when the port goes away. */
  watch(onGone: ((error: HardwareError) => void) | undefined): void {
    this.#onGone = onGone;
  }

  send(bytes: Uint8Array): void {
    if (!this.#connection) throw new HardwareError('PORT_GONE', { port: this.#endpoint.name });
    this.#connection.send(bytes);
    this.#activeAt = performance.now();
  }

  /** Changes the speed; where a way has none, nothing is changed. */
  async speed(baudRate: number): Promise<void> {
    await this.#connection?.speed?.(baudRate);
  }

  /** The next to speak waits until nobody has spoken for so long. */
  oweSilence(ms: number): void {
    this.#owedMs = Math.max(this.#owedMs, ms);
  }

  /** Something may be on its way that nobody waits for: silence counts from now, not from the last word. */
  distrust(ms: number): void {
    this.#activeAt = performance.now();
    this.oweSilence(ms);
    this.#doubtful = true;
  }

  /**
   * Waits for the silence that is owed; what comes in meanwhile, or came in before, is dropped.
   * @throws {HardwareError} LINE_NOT_QUIET; or the reason of `signal`
   */
  async silence(signal: AbortSignal): Promise<void> {
    const giveUpAt = performance.now() + longestNoiseMs + 2 * this.#owedMs;
    // A process that stands still does not listen: what comes meanwhile is heard only when it moves again. So it has to
    // listen for a while, and not stand still in it, before it may call the line quiet.
    let listened = false;
    while (this.#silenceLeftMs() > 0 || !listened) {
      const from = performance.now();
      if (from > giveUpAt) throw new HardwareError('LINE_NOT_QUIET', { port: this.#endpoint.name });
      // A timer takes whole milliseconds, and what is left of one would cost another.
      const leftMs = Math.ceil(Math.max(this.#silenceLeftMs(), glanceMs));
      const askedMs = this.#doubtful ? tickMs : Math.min(leftMs, tickMs);
      await pause(askedMs, signal);
      listened = performance.now() - from < askedMs + stalledMs;
    }
    if (this.#doubtful) await this.#connection?.drop();
    this.#owedMs = 0;
    this.#doubtful = false;
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  async #connect(): Promise<Connection> {
    // A port may be gone again before it is told that it is open.
    let lost: HardwareError | undefined;
    const connection = await this.#endpoint.open({
      heard: (bytes) => this.#heard(bytes),
      gone: (error) => {
        lost = error;
        this.#connection = undefined;
        this.#onGone?.(error);
      },
    });
    if (lost) throw lost;
    return connection;
  }

  #silenceLeftMs(): number {
    return this.#activeAt + Math.max(this.#owedMs, this.#gapMs) - performance.now();
  }

  #heard(bytes: Uint8Array): void {
    this.#activeAt = performance.now();
    if (this.#listener) this.#listener(bytes);
    else this.distrust(strayQuietMs);
  }
}
