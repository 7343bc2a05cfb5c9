/**
 * A pair of serial ports without hardware: a pseudo-terminal, whose one side is a path to open and whose other side is
 * ours.
 *
 * Only the native binding of node-pty is used. Its class would signal process group -1 when it is destroyed, which is
 * every process of the machine.
 */

import { closeSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ReadStream } from 'node:tty';

interface NativePty {
  open(columns: number, rows: number): { readonly master: number; readonly slave: number; readonly pty: string };
}

export interface Pty {
  /** What the other program opens as its serial port. */
  readonly path: string;
  /** Our side, to listen to and to close. */
  readonly wire: ReadStream;
  /** What finds no room because nobody reads at the other end is lost, as on a wire. */
  readonly say: (bytes: Uint8Array) => void;
}

export function openPty(): Pty {
  const require = createRequire(import.meta.url);
  const binding = `@lydell/node-pty-${process.platform}-${process.arch}/pty.node`;
  const native = require(binding) as NativePty;
  const { master, slave, pty } = native.open(80, 24);
  // Raw: no echo, no line ends. It stays so when the stream is closed; left open it would eat bytes.
  const end = new ReadStream(slave);
  end.setRawMode(true);
  end.destroy();
  const wire = new ReadStream(master);
  // The stream opened that side for itself. Ours holds the line while nobody else has it open.
  wire.once('close', () => closeSync(slave));
  return { path: pty, wire, say: (bytes) => sayOn(master, bytes) };
}

/** Not through the stream: libuv tries for ever, in a loop, to get bytes into a terminal that has no room. */
function sayOn(master: number, bytes: Uint8Array): void {
  try {
    writeSync(master, bytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EAGAIN' && code !== 'EIO') throw error;
  }
}
