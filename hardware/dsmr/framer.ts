/**
 * Finds the telegrams of a P1 port in a stream of bytes, line by line; the lines are cut by @serialport/parser-readline.
 */

import { ReadlineParser } from '@serialport/parser-readline';
import { type Framer, longestTelegram, type Telegram } from '../telegram.ts';
import { decodeP1 } from './telegram.ts';

/** A telegram that begins in the middle of a line: the one before was broken off there. */
const startWithin = /\/[A-Za-z]{3}\d/;
const endWithin = /![0-9A-Fa-f]{4}\0?\r?\n$/;

export class P1Framer implements Framer {
  #lines = this.#newLines();
  /** Bytes since the last line end. */
  #unended = 0;
  /** What has come of the telegram that is under way; undefined while none is. */
  #text: string | undefined;
  #whole: Telegram[] = [];

  push(bytes: Uint8Array): Telegram[] {
    // In small pieces, so that no line grows without end unseen.
    for (let from = 0; from < bytes.length; from += longestTelegram) {
      this.#pushPiece(bytes.subarray(from, from + longestTelegram));
    }
    return this.#whole.splice(0);
  }

  end(): Telegram[] {
    const isEnding = this.#text !== undefined && this.#unended > 0;
    const telegrams = isEnding ? this.push(Buffer.from('\n')) : [];
    this.#text = undefined;
    return telegrams;
  }

  #pushPiece(piece: Uint8Array): void {
    const lastEnd = piece.lastIndexOf(0x0a);
    this.#unended = lastEnd === -1 ? this.#unended + piece.length : piece.length - lastEnd - 1;
    this.#lines.write(Buffer.from(piece));
    if (this.#unended <= longestTelegram) return;
    // No line is so long: what is kept of it is let go.
    this.#lines.destroy();
    this.#lines = this.#newLines();
    this.#unended = 0;
    this.#text = undefined;
  }

  #newLines(): ReadlineParser {
    const lines = new ReadlineParser({ delimiter: '\n', encoding: 'latin1', includeDelimiter: true });
    // It hands on each line while it takes the bytes, in the same turn.
    lines.on('data', (line: string) => this.#line(line));
    return lines;
  }

  #line(line: string): void {
    const start = this.#startIn(line);
    if (start !== -1) this.#text = '';
    if (this.#text === undefined) return;
    const rest = start === -1 ? line : line.slice(start);
    this.#text += rest;
    if (this.#text.length > longestTelegram) this.#text = undefined;
    else if (rest.startsWith('!') || endWithin.test(rest)) {
      this.#whole.push(decodeP1(this.#text));
      this.#text = undefined;
    }
  }

  #startIn(line: string): number {
    const within = startWithin.exec(line.slice(1));
    // The last one counts; before it lies what was broken off.
    if (within) return lastStart(line);
    return this.#text === undefined ? line.indexOf('/') : line.startsWith('/') ? 0 : -1;
  }
}

function lastStart(line: string): number {
  const starts = [...line.matchAll(new RegExp(startWithin, 'g'))].map(({ index }) => index);
  return starts.at(-1) ?? -1;
}
