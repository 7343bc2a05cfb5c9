/**
 * A TCP connection as an endpoint: a gateway with a serial line behind it, or a device with a socket of its own.
 */

import { createConnection, type Socket } from 'node:net';
import { HardwareError } from '../errors.ts';
import type { Connection, ConnectionListener, Endpoint } from './connection.ts';

export interface Host {
  readonly host: string;
  readonly port: number;
}

const connectMs = 3_000;

/** @param name how errors name it */
export function tcpEndpoint(name: string, { host, port }: Host): Endpoint {
  return {
    name,
    async open(listener) {
      const socket = createConnection({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 });
      try {
        await connected(socket);
      } catch (error) {
        socket.destroy();
        throw openingError(error, name);
      }
      return over(socket, name, listener);
    },
  };
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no connection within ${connectMs} ms`)), connectMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function over(socket: Socket, name: string, listener: ConnectionListener): Connection {
  let closing = false;
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('data', (bytes: Buffer) => listener.heard(bytes));
  // A gateway that ends its side will not answer any more.
  socket.on('end', () => socket.destroy());
  socket.on('close', () => {
    if (!closing) listener.gone(new HardwareError('PORT_GONE', { port: name }, { cause: failure }));
  });
  return {
    send: (bytes) => void socket.write(bytes),
    drop: async () => {},
    close: () =>
      new Promise((resolve) => {
        closing = true;
        if (socket.destroyed) resolve();
        else socket.once('close', () => resolve()).destroy();
      }),
  };
}

function openingError(error: unknown, port: string): HardwareError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return new HardwareError('PORT_REFUSED', { port }, { cause: error });
  return new HardwareError('PORT_UNREACHABLE', { port, why: message }, { cause: error });
}
