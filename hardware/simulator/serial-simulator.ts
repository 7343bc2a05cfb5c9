/**
 * Simulated meters on a simulated serial line: real bytes at real speed on a pseudo-terminal, several devices on one
 * line, each with its own faults. Meant for a process of its own: a line goes away, as unplugged, when its process ends.
 */

import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { type BusConfig, busDefaults, charMs } from '../bus/bus-config.ts';
import { loadProfile } from '../profiles/load-profile.ts';
import { type Fault, misbehave } from './faults.ts';
import { type Load, LoadCounter } from './load.ts';
import { PacedLine } from './paced-line.ts';
import { openPty } from './pty.ts';
import { answerTo, requestEnd, requestLength, type Slave } from './slave.ts';

export interface SimulatedDevice {
  readonly address: number;
  /** Name of a shipped profile, or a path. */
  readonly profile: string;
  readonly load: Load;
  /** What the counters said at `since`. */
  readonly energyWh?: number;
  readonly exportWh?: number;
  /** From when the load counts; the start of the simulator if not given. Given, a restarted one counts on. */
  readonly since?: number;
  readonly serialNumber?: number;
  readonly fault?: Fault;
}

export interface SimulatedLine extends Partial<Pick<BusConfig, 'baudRate' | 'parity' | 'dataBits' | 'stopBits'>> {
  readonly devices: readonly SimulatedDevice[];
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
  const paced = new PacedLine(pty.wire, perChar);
  const started = line.now();
  const slaves = new Map(line.devices.map((device) => [device.address, slaveOf(device, line.now, started)]));
  const faults = new Map<number, Fault>();
  for (const { address, fault } of line.devices) if (fault) faults.set(address, fault);
  const timers = new Set<NodeJS.Timeout>();

  hearRequests(pty.wire, (request) => {
    const slave = slaves.get(request.readUInt8(0));
    if (slave === undefined) return;
    const fault = takeFault(faults, slave.address);
    for (const { afterMs, bytes } of misbehave(fault, request, answerTo(request, slave))) {
      // The request came at once, but on a wire it would have taken its time.
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          void paced.say(bytes);
        },
        (requestLength + turnaround) * perChar + afterMs,
      );
      timers.add(timer);
    }
  });

  if (line.link !== undefined) putLink(line.link, pty.path);
  return {
    path: line.link ?? pty.path,
    setFault(address, fault) {
      if (fault) faults.set(address, fault);
      else faults.delete(address);
    },
    async close() {
      if (line.link !== undefined) takeLink(line.link, pty.path);
      for (const timer of timers) clearTimeout(timer);
      paced.close();
      await new Promise<void>((resolve) => pty.wire.once('close', () => resolve()).destroy());
    },
  };
}

function hearRequests(wire: NodeJS.ReadableStream, heard: (request: Buffer) => void): void {
  let received = Buffer.alloc(0);
  wire.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    for (let end = requestEnd(received); end !== undefined; end = requestEnd(received)) {
      heard(received.subarray(end - requestLength, end));
      received = received.subarray(end);
    }
    // No request is longer: what is left before it is noise.
    received = received.subarray(-requestLength + 1);
  });
  // Reading ends with an error when the other side closes its port for the last time; nothing is lost by it.
  wire.on('error', () => {});
}

function slaveOf(device: SimulatedDevice, now: () => number, started: number): Slave {
  const start = { import: device.energyWh ?? 0, export: device.exportWh ?? 0 };
  const counter = new LoadCounter(device.load, device.since ?? started, start);
  const voltage = 230;
  return {
    address: device.address,
    profile: loadProfile(device.profile),
    serialNumber: device.serialNumber ?? 10_000 + device.address,
    measure() {
      const { watts, importWh, exportWh } = counter.at(now());
      const energies = { energyImport: microWh(importWh), energyExport: microWh(exportWh) };
      return { ...energies, power: watts, voltage, current: Math.abs(watts) / voltage, frequency: 50 };
    },
  };
}

/** Takes away what dividing leaves behind the last digit that matters, so that 13.5 kWh is not a hair less. */
function microWh(wh: number): number {
  return Math.round(wh * 1e6) / 1e6;
}

function takeFault(faults: Map<number, Fault>, address: number): Fault | undefined {
  const fault = faults.get(address);
  if (fault?.times === undefined) return fault;
  if (fault.times > 1) faults.set(address, { ...fault, times: fault.times - 1 });
  else faults.delete(address);
  return fault;
}

/** In one step: at no moment is there no link, or one to nowhere. */
function putLink(link: string, path: string): void {
  const aside = `${link}.${process.pid}`;
  rmSync(aside, { force: true });
  symlinkSync(path, aside);
  renameSync(aside, link);
}

/** Only if it is still ours: another simulator may have taken its place. */
function takeLink(link: string, path: string): void {
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(link) === path) rmSync(link);
}
