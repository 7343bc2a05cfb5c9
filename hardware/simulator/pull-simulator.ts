/**
 * Simulated meters of IEC 62056-21, mode C, on a pseudo-terminal: asked at 300 baud, one offers a speed and goes on at
 * it. Several on a line answer to their addresses, and all at once where none is named. A pseudo-terminal knows no speed, so it looks which one the other side has set, and gives garbage at another.
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

export interface PullStation extends TelegramMeter {
  /** Left out, it answers to any. */
  readonly address?: string;
}

export interface PullLine {
  readonly meters: readonly PullStation[];
  /** What it offers: a digit of IEC 62056-21, 6.3.14. */
  readonly speed?: 0 | 1 | 2 | 3 | 4 | 5 | 6;
  /** At which it is asked. */
  readonly firstSpeed?: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly link?: string;
  readonly fault?: Fault;
}

/** IEC 62056-21, 6.4.1 */
const usualFirstSpeed = 300;
const reactionMs = 200;
/** Start bit, seven of data, parity, stop bit. */
const charBits = 10;
const request = /\/\?([^!]*)!\r\n/;
const acknowledgement = /0([0-6])0\r\n/;

export async function startPullSimulator(line: PullLine): Promise<PushSimulator> {
  const pty = openPty();
  const stations = line.meters.map((meter) => ({ meter, source: blockSource(meter, line.now()) }));
  let called: typeof stations = [];
  const offered = line.speed ?? 5;
  const firstSpeed = line.firstSpeed ?? usualFirstSpeed;
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
      setTimeout(() => !closed && new PacedLine(pty.say, perChar).say(said), afterMs);
    }
    if (!isOffer) fault = afterPlaying(fault);
  };
  pty.wire
    .on('error', () => {})
    .on('data', (bytes: Buffer) => {
      heard = (heard + bytes.toString('latin1')).slice(-64);
      const asked = request.exec(heard);
      const accepted = acknowledgement.exec(heard);
      if (asked === null && accepted === null) return;
      heard = '';
      if (asked !== null) {
        called = stations.filter(({ meter }) => isCalled(meter, asked[1] ?? ''));
        for (const _ of called)
          void say(Buffer.from(`/WVL${offered}WATTVEIL\r\n`, 'latin1'), firstSpeed, asked[0].length);
      } else if (accepted !== null) {
        for (const { source } of called) void say(source(line.now()), usualFirstSpeed * 2 ** Number(accepted[1]), 6);
      }
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

/** Leading zeros do not count (IEC 62056-21, 6.3.2). */
function isCalled({ address }: PullStation, asked: string): boolean {
  const plain = (text: string) => text.replace(/^0+/, '');
  return address === undefined || plain(asked) === '' || plain(asked) === plain(address);
}

async function speedOf(path: string): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)('stty', ['-F', path, 'speed']);
    return Number(stdout.trim());
  } catch {
    return Number.NaN;
  }
}
