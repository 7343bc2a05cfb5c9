/**
 * Simulated meters behind a TCP port: as a gateway that passes RTU frames on, or as one that speaks Modbus TCP.
 */

import { createServer, type Socket } from 'node:net';
import type { Framing } from '../bus/bus.ts';
import { withCrc } from '../modbus/crc16.ts';
import type { Fault } from './faults.ts';
import { type SimulatedDevice, SimulatedDevices } from './simulated-devices.ts';

export interface SimulatedHost {
  readonly devices: readonly SimulatedDevice[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly framing: Framing;
  /** Any that is free if not given; always on the loopback. */
  readonly port?: number;
}

export interface TcpSimulator {
  /** What a bus opens. */
  readonly port: string;
  setFault(address: number, fault: Fault | undefined): void;
  /** Ends the connections there are; new ones are taken. */
  hangUp(): void;
  close(): Promise<void>;
}

const headerBytes = 6;

export async function startTcpSimulator({ devices, now, framing, port = 0 }: SimulatedHost): Promise<TcpSimulator> {
  const simulated = new SimulatedDevices(devices, now);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (framing === 'rtu') answerRtu(socket, simulated);
    else answerMbap(socket, simulated);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: `${framing === 'rtu' ? 'rtu-over-tcp' : 'modbus-tcp'}://127.0.0.1:${address.port}`,
    setFault: (unit, fault) => simulated.setFault(unit, fault),
    hangUp,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        hangUp();
      }),
  };
}

function answerRtu(socket: Socket, devices: SimulatedDevices): void {
  socket.on('data', (bytes: Buffer) => {
    for (const { bytes: answer, afterMs } of devices.hear(bytes)) later(socket, answer, afterMs);
  });
}

function answerMbap(socket: Socket, devices: SimulatedDevices): void {
  let received = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    while (received.length >= headerBytes && received.length >= headerBytes + received.readUInt16BE(4)) {
      const end = headerBytes + received.readUInt16BE(4);
      const header = received.subarray(0, 4);
      for (const { bytes: answer, afterMs } of devices.hear(withCrc(received.subarray(headerBytes, end)))) {
        const body = answer.subarray(0, -2);
        const length = Buffer.alloc(2);
        length.writeUInt16BE(body.length);
        later(socket, Buffer.concat([header, length, body]), afterMs);
      }
      received = received.subarray(end);
    }
  });
}

function later(socket: Socket, bytes: Uint8Array, afterMs: number): void {
  setTimeout(() => {
    if (!socket.destroyed) socket.write(bytes);
  }, afterMs);
}
