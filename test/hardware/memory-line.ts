/**
 * A line in memory with simulated devices at its other end: a double on the wire, without the wire's speed.
 */

import type { Connection, ConnectionListener, Endpoint } from '../../hardware/bus/connection.ts';
import { HardwareError } from '../../hardware/errors.ts';

export class MemoryLine implements Endpoint {
  readonly name = 'memory';
  /** Whether the port is there to be opened. */
  plugged = true;
  opened = 0;
  readonly sent: { readonly at: number; readonly bytes: Buffer }[] = [];
  readonly #answer: (bytes: Buffer, line: MemoryLine) => void;
  #listener: ConnectionListener | undefined;

  constructor(answer: (bytes: Buffer, line: MemoryLine) => void = () => {}) {
    this.#answer = answer;
  }

  async open(listener: ConnectionListener): Promise<Connection> {
    this.opened++;
    if (!this.plugged) throw new HardwareError('PORT_NOT_FOUND', { port: this.name, ports: 'none' });
    this.#listener = listener;
    return {
      send: (bytes) => {
        this.sent.push({ at: performance.now(), bytes: Buffer.from(bytes) });
        this.#answer(Buffer.from(bytes), this);
      },
      drop: async () => {},
      close: async () => {
        this.#listener = undefined;
      },
    };
  }

  /** Bytes for the master, in pieces as an adapter would hand them over. */
  say(bytes: Uint8Array, afterMs = 0, piece = 7): void {
    setTimeout(() => {
      for (let from = 0; from < bytes.length; from += piece) this.#listener?.heard(bytes.subarray(from, from + piece));
    }, afterMs);
  }

  unplug(): void {
    this.plugged = false;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.gone(new HardwareError('PORT_GONE', { port: this.name }));
  }
}
