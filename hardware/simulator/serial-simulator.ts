/**
 * Simulated meters on a simulated serial line: real bytes at real speed on a pseudo-terminal. Meant for a process of
 * its own: the line goes away, as unplugged, when that process ends.
 */

import { busDefaults, charMs, type LineSettings } from '../bus/bus-config.ts';
import type { Fault } from './faults.ts';
import { putLink, takeLink } from './link.ts';
import { PacedLine } from './paced-line.ts';
import { openPty } from './pty.ts';
import type { RelayBoard } from './relay-board.ts';
import { type DevicesOptions, type SimulatedDevice, SimulatedDevices } from './simulated-devices.ts';
import { requestLength } from './slave.ts';

export interface SimulatedLine extends Partial<LineSettings>, DevicesOptions {
  readonly devices: readonly SimulatedDevice[];
  /** How long a device thinks before it answers; none if not given. */
  readonly answerMs?: number;
  /** A relay board without addresses, alone on its line. */
  readonly lcus?: RelayBoard;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A path to find the line by, whatever the system calls it; an older link there is replaced. */
  readonly link?: string;
}

export interface SerialSimulator {
  /** What to open: the link if there is one. */
  readonly path: string;
  /** From now on the device at `address` misbehaves so; undefined: no more. */
  setFault(address: number, fault: Fault | undefined): void;
  /** Takes the link away and ends the line. The other side notices at its next word, or when the process ends. */
  close(): Promise<void>;
}

/** Silence that a device keeps before it answers, in characters (Modbus over serial line 1.02, 2.5.1.1). */
const turnaround = 3.5;

export async function startSerialSimulator(line: SimulatedLine): Promise<SerialSimulator> {
  const pty = openPty();
  const perChar = charMs({ ...busDefaults, ...line });
  const devices = new SimulatedDevices(line.devices, line.now, line);
  const listener = line.lcus ?? devices;
  const paced = new PacedLine(pty.say, perChar);
  const timers = new Set<NodeJS.Timeout>();

  // The request came at once, but on a wire it would have taken its time.
  const arrivalMs = (requestLength + turnaround) * perChar + (line.answerMs ?? 0);
  pty.wire.on('data', (received: Buffer) => {
    for (const { bytes, afterMs } of listener.hear(received)) {
      const from = performance.now() + arrivalMs + afterMs;
      const timer = setTimeout(() => {
        timers.delete(timer);
        paced.say(bytes, from);
      }, arrivalMs + afterMs);
      timers.add(timer);
    }
  });
  // Reading fails when the other side closes its port for the last time; nothing is lost by it.
  pty.wire.on('error', () => {});

  if (line.link !== undefined) putLink(line.link, pty.path);
  return {
    path: line.link ?? pty.path,
    setFault: (address, fault) => devices.setFault(address, fault),
    async close() {
      if (line.link !== undefined) takeLink(line.link, pty.path);
      for (const timer of timers) clearTimeout(timer);
      paced.close();
      await new Promise<void>((resolve) => pty.wire.once('close', () => resolve()).destroy());
    },
  };
}
