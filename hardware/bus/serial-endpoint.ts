/**
 * A serial port as an endpoint. All that is known of the package `serialport` is here.
 */

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

function openPort(config: FullBusConfig, listener: ConnectionListener): Promise<Connection> {
  const { port: path, baudRate, parity, dataBits, stopBits } = config;
  const port = new SerialPort({ path, baudRate, parity, dataBits, stopBits, autoOpen: false });
  let closing = false;
  let failure: Error | undefined;
  // An error without a listener would end the process. It says why the port closes, if it does.
  port.on('error', (error) => {
    failure = error;
    if (port.isOpen) port.close();
  });
  port.on('data', (bytes: Buffer) => listener.heard(bytes));
  // The package closes the file by itself: a file kept open makes ttyUSB0 come back as ttyUSB1.
  port.on('close', (error: Error | null | undefined) => {
    if (!closing) listener.gone(new HardwareError('PORT_GONE', { port: path }, { cause: error ?? failure }));
  });
  const connection: Connection = {
    send: (bytes) => void port.write(Buffer.from(bytes)),
    // A port that cannot be flushed is about to close, which is told there.
    drop: () => new Promise((resolve) => port.flush(() => resolve())),
    speed: (baudRate) =>
      new Promise((resolve, reject) => {
        port.update({ baudRate }, (error) => (error ? reject(error) : resolve()));
      }),
    close: () =>
      new Promise((resolve) => {
        closing = true;
        port.close(() => resolve());
      }),
  };
  return new Promise((resolve, reject) => port.open((error) => (error ? reject(error) : resolve(connection))));
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
