/**
 * A simulated meter of IEC 62056-21, mode C, on a pseudo-terminal: asked at 300 baud, it offers a speed and goes on at
 * it. A pseudo-terminal knows no speed, so it looks which one the other side has set, and gives garbage at another.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Fault } from './faults.ts';
import { putLink, takeLink } from './link.ts';
import { PacedLine } from './paced-line.ts';
import { openPty } from './pty.ts';
import type { PushSimulator } from './push-simulator.ts';
import { afterPlaying, misbehaveTelegram } from './telegram-faults.ts';
import { blockSource, type TelegramMeter } from './telegram-source.ts';

export interface PullLine {
  readonly meter: TelegramMeter;
  /** What it offers: a digit of IEC 62056-21, 6.3.14. */
  readonly speed?: 0 | 1 | 2 | 3 | 4 | 5 | 6;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly link?: string;
  readonly fault?: Fault;
}

const firstSpeed = 300;
const reactionMs = 200;
/** Start bit, seven of data, parity, stop bit. */
const charBits = 10;
const request = /\/\?[^!]*!\r\n/;
const acknowledgement = /0([0-6])0\r\n/;

export async function startPullSimulator(line: PullLine): Promise<PushSimulator> {
  const pty = openPty();
  const source = blockSource(line.meter, line.now());
  const offered = line.speed ?? 5;
  let fault = line.fault;
  let heard = '';
  let closed = false;
  const say = async (bytes: Uint8Array, speed: number, arrivalChars: number) => {
    const perChar = (1000 * charBits) / speed;
    await new Promise((resolve) => setTimeout(resolve, reactionMs + (arrivalChars * 1000 * charBits) / firstSpeed));
    if (closed) return;
    const isSame = (await speedOf(pty.path)) === speed;
    const sent = isSame ? bytes : bytes.map((byte) => (byte * 37) & 0x7f);
    // The offer itself is always right.
    const isOffer = speed === firstSpeed;
    for (const { bytes: said, afterMs } of misbehaveTelegram(isOffer ? undefined : fault, Buffer.from(sent))) {
      setTimeout(() => !closed && new PacedLine(pty.wire, perChar).say(said), afterMs);
    }
    if (!isOffer) fault = afterPlaying(fault);
  };
  pty.wire
    .on('error', () => {})
    .on('data', (bytes: Buffer) => {
      heard = (heard + bytes.toString('latin1')).slice(-64);
      const accepted = acknowledgement.exec(heard);
      if (!request.test(heard) && accepted === null) return;
      heard = '';
      if (accepted === null) void say(Buffer.from(`/WVL${offered}WATTVEIL\r\n`, 'latin1'), firstSpeed, 5);
      else void say(source(line.now()), firstSpeed * 2 ** Number(accepted[1]), 6);
    });
  if (line.link !== undefined) putLink(line.link, pty.path);
  return {
    path: line.link ?? pty.path,
    setFault(next) {
      fault = next;
    },
    async close() {
      closed = true;
      if (line.link !== undefined) takeLink(line.link, pty.path);
      await new Promise<void>((resolve) => pty.wire.once('close', () => resolve()).destroy());
    },
  };
}

async function speedOf(path: string): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)('stty', ['-F', path, 'speed']);
    return Number(stdout.trim());
  } catch {
    return Number.NaN;
  }
}
