/**
 * A simulated meter that sends telegrams by itself, at the speed of its wire, on a pseudo-terminal. Meant for a process
 * of its own, like serial-simulator.ts.
 */

import { busDefaults, charMs, type LineSettings } from '../bus/bus-config.ts';
import type { Fault } from './faults.ts';
import { putLink, takeLink } from './link.ts';
import { PacedLine } from './paced-line.ts';
import { openPty } from './pty.ts';
import { afterPlaying, misbehaveTelegram } from './telegram-faults.ts';
import { type TelegramMeter, type TelegramWriting, telegramSource } from './telegram-source.ts';

export interface PushLine extends Partial<LineSettings> {
  readonly meter: TelegramMeter;
  readonly writing: TelegramWriting;
  /** From the beginning of one telegram to that of the next, in real time; more where the wire takes longer. */
  readonly everyMs?: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A path to find the line by, whatever the system calls it; an older link there is replaced. */
  readonly link?: string;
  readonly fault?: Fault;
}

export interface PushSimulator {
  /** What to open: the link if there is one. */
  readonly path: string;
  setFault(fault: Fault | undefined): void;
  /** Takes the link away and ends the line. */
  close(): Promise<void>;
}

/** Meters leave the line in peace between two telegrams. */
const restMs = 80;

export async function startPushSimulator(line: PushLine): Promise<PushSimulator> {
  const pty = openPty();
  const perChar = charMs({ ...busDefaults, ...line });
  const paced = new PacedLine(pty.say, perChar);
  const source = telegramSource(line.meter, line.writing, line.now());
  const timers = new Set<NodeJS.Timeout>();
  let fault = line.fault;
  const later = (ms: number, work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  };
  const send = () => {
    let longest = 0;
    for (const { bytes, afterMs } of misbehaveTelegram(fault, source(line.now()))) {
      longest = Math.max(longest, afterMs) + bytes.length * perChar;
      later(afterMs, () => paced.say(bytes));
    }
    fault = afterPlaying(fault);
    later(Math.max(line.everyMs ?? 1000, longest + restMs), send);
  };
  // Reading fails when the other side closes its port for the last time; nothing is lost by it.
  pty.wire.on('error', () => {}).on('data', () => {});
  if (line.link !== undefined) putLink(line.link, pty.path);
  later(0, send);
  return {
    path: line.link ?? pty.path,
    setFault(next) {
      fault = next;
    },
    async close() {
      if (line.link !== undefined) takeLink(line.link, pty.path);
      for (const timer of timers) clearTimeout(timer);
      paced.close();
      await new Promise<void>((resolve) => pty.wire.once('close', () => resolve()).destroy());
    },
  };
}
