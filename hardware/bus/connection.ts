/**
 * The seam under a line: a byte stream that can be opened, goes away, and can be opened again.
 * A serial port is one kind; another kind needs nothing but this.
 */

import type { HardwareError } from '../errors.ts';

export interface ConnectionListener {
  heard(bytes: Uint8Array): void;
  /** Called once when the other end has gone away by itself. The connection is closed by then. */
  gone(error: HardwareError): void;
}

export interface Connection {
  send(bytes: Uint8Array): void;
  /** Forgets what has come in but was not yet heard. */
  drop(): Promise<void>;
  close(): Promise<void>;
  /** Changes the speed, where the way has one that can be changed; what it is set to when it is opened stays. */
  speed?(baudRate: number): Promise<void>;
}

export interface Endpoint {
  readonly name: string;
  /** @throws {HardwareError} PORT_* */
  open(listener: ConnectionListener): Promise<Connection>;
}
