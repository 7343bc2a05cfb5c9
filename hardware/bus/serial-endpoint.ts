/**
 * A serial port as an endpoint. All that is known of the package `serialport` is here.
 */

import { readSync, writeSync } from 'node:fs';
import { SerialPort } from 'serialport';
import { HardwareError } from '../errors.ts';
import type { FullBusConfig } from './bus-config.ts';
import type { Connection, ConnectionListener, Endpoint } from './connection.ts';
import { listPorts } from './list-ports.ts';
import { permissionOf } from './permission.ts';
import { holderOf } from './port-holder.ts';

export function serialEndpoint(config: FullBusConfig): Endpoint {
  // A port that was there once is not missing from the configuration: it was unplugged.
  let seen = false;
  return {
    name: config.port,
    async open(listener) {
      const connection = await openPort(config, listener).catch(async (error: unknown) => {
        throw await openingError(error, config.port, seen);
      });
      seen = true;
      return connection;
    },
  };
}

/**
 * By the package's binding, and bytes past it: it reads and writes through other threads, several times for each piece,
 * which is most of what a gateway with many meters does.
 */
async function openPort(config: FullBusConfig, listener: ConnectionListener): Promise<Connection> {
  const { port: path, baudRate, parity, dataBits, stopBits } = config;
  const port = await SerialPort.binding.open({ path, baudRate, parity, dataBits, stopBits });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= port.close().catch(() => {});
    return closed;
  };
  // A file kept open makes ttyUSB0 come back as ttyUSB1: it is closed before anybody is told.
  const fail = (cause: unknown) => {
    if (closed !== undefined) return;
    void close().then(() => listener.gone(new HardwareError('PORT_GONE', { port: path }, { cause })));
  };
  void hear(port, (bytes) => listener.heard(bytes)).catch(fail);
  return {
    send: (bytes) => void write(port, Buffer.from(bytes)).catch(fail),
    // A port that cannot be flushed is about to close, which is told there.
    drop: () => port.flush().catch(() => {}),
    speed: (baudRate) => port.update({ baudRate }),
    close,
  };
}

type OpenPort = Awaited<ReturnType<typeof SerialPort.binding.open>>;

/** The most that a terminal of Linux holds. */
const longestPiece = 4096;

/** Until the port is closed. @throws what the system says of a port that went away */
async function hear(port: OpenPort, heard: (bytes: Uint8Array) => void): Promise<void> {
  if (!('poller' in port)) throw new Error('serial ports are read on Linux and macOS only');
  const buffer = Buffer.alloc(longestPiece);
  // Nothing is asked of a port that was closed meanwhile: its number may be another file's.
  while (port.fd !== null) {
    await new Promise<void>((resolve, reject) => {
      port.poller.once('readable', (error) => (error ? reject(error) : resolve()));
    });
    if (port.fd === null) return;
    const { fd } = port;
    const length = ifReady(() => readSync(fd, buffer));
    if (length === 0) throw new Error('it was hung up');
    if (length !== undefined) heard(Uint8Array.from(buffer.subarray(0, length)));
  }
}

/** What finds no room at once the binding writes when it does. */
async function write(port: OpenPort, bytes: Buffer): Promise<void> {
  const { fd } = port;
  const written = fd === null ? 0 : (ifReady(() => writeSync(fd, bytes)) ?? 0);
  if (written < bytes.length) await port.write(bytes.subarray(written));
}

/** Ports are opened so that they never wait. @returns undefined where there was nothing, or no room */
function ifReady(work: () => number): number | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

/** The binding tells what happened by the system's own words alone. */
async function openingError(error: unknown, port: string, seen: boolean): Promise<HardwareError> {
  const cause = { cause: error };
  const why = error instanceof Error ? error.message.replace(/^Error:? /, '') : String(error);
  if (/No such (file|device)|Input\/output error/.test(why) && seen)
    return new HardwareError('PORT_GONE', { port }, cause);
  if (/No such file/.test(why)) {
    const ports = await listPorts();
    return new HardwareError('PORT_NOT_FOUND', { port, ports: ports.join(', ') || 'none' }, cause);
  }
  if (/[Pp]ermission denied/.test(why))
    return new HardwareError('PORT_NO_PERMISSION', { port, ...permissionOf(port) }, cause);
  if (/lock port|busy/.test(why)) {
    return new HardwareError('PORT_BUSY', { port, holder: holderOf(port) }, cause);
  }
  return new HardwareError('PORT_FAILED', { port, why }, cause);
}
