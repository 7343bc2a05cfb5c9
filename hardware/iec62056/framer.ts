/**
 * Finds readouts of IEC 62056-21 in a stream of bytes: `/` identification, then data sets up to `!`; with a check
 * character (mode C, 6.3) or without (pushed, mode D).
 */

import { type Check, type Framer, longestTelegram, type Telegram } from '../telegram.ts';
import { parseDataSets } from './data-set.ts';

const stx = 0x02;
const etx = 0x03;
const slash = 0x2f;
const bang = 0x21;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const identification = /^\/[A-Za-z]{3}[0-9A-Za-z][^\r\n]*\r?\n/;
/** Only what is pushed has an empty line behind its identification; in all else a block with a check follows (6.3, 6.4.4). */
const pushed = /^[^\r\n]*\r\n\r\n/;
/** A request, heard back by the optical head, begins so. */
const request = /^\/\?/;

export class Iec62056Framer implements Framer {
  #text: number[] = [];
  #inside = false;
  /** The check so far: of all behind STX; undefined before it. */
  #check: number | undefined;
  #isAtLineStart = true;
  /** The end of the data has come: so the line end, or the check, is all that is missing. */
  #ended: 'data' | 'block' | undefined;

  push(bytes: Uint8Array): Telegram[] {
    const telegrams: Telegram[] = [];
    for (const byte of bytes) {
      // Characters of seven bits: the eighth is parity, where the port did not take it off.
      const telegram = this.#take(byte & 0x7f);
      if (telegram) telegrams.push(telegram);
    }
    return telegrams;
  }

  end(): Telegram[] {
    const telegram =
      this.#inside && this.#ended === 'data' && this.#check === undefined ? this.#whole('none') : undefined;
    this.#leave();
    return telegram === undefined ? [] : [telegram];
  }

  #take(byte: number): Telegram | undefined {
    if (this.#ended === 'block') return this.#whole(byte === this.#check ? 'ok' : 'bad');
    const startsHere = byte === slash && (this.#isAtLineStart || !this.#inside);
    this.#isAtLineStart = byte === lineFeed || byte === carriageReturn || byte === stx;
    if (startsHere) this.#enter();
    if (!this.#inside) return undefined;
    if (byte !== stx) this.#text.push(byte);
    if (this.#text.length > longestTelegram) {
      this.#leave();
      return undefined;
    }
    return this.#step(byte);
  }

  #step(byte: number): Telegram | undefined {
    if (this.#check !== undefined) this.#check ^= byte;
    if (byte === stx) this.#check = 0;
    else if (byte === etx && this.#check !== undefined) this.#ended = 'block';
    else if (byte === bang) this.#ended = 'data';
    else if (byte === lineFeed && this.#ended === 'data' && this.#check === undefined) return this.#whole('none');
    else if (byte === lineFeed && this.#isRequest()) this.#leave();
    return undefined;
  }

  #isRequest(): boolean {
    return this.#text.length < 64 && request.test(String.fromCharCode(...this.#text));
  }

  #enter(): void {
    this.#leave();
    this.#inside = true;
  }

  #leave(): void {
    this.#inside = false;
    this.#text = [];
    this.#check = undefined;
    this.#ended = undefined;
  }

  #whole(check: Check): Telegram | undefined {
    const text = Buffer.from(this.#text).toString('latin1');
    this.#leave();
    this.#isAtLineStart = true;
    const head = identification.exec(text);
    if (head === null) return undefined;
    // Behind the end of what is pushed nothing stands (6.3.14); a P1 port puts its check there.
    const lacksCheck = check === 'none' && !(pushed.test(text) && /!\r?\n?$/.test(text));
    if (check === 'bad' || lacksCheck) {
      return { check: 'bad', values: new Map(), why: 'its check is wrong or missing' };
    }
    const values = parseDataSets(text.slice(head[0].length, text.lastIndexOf('!')));
    const serial = ['0.0.0', '1-0:0.0.0', '0-0:C.1.0', 'C.1.0'].map((code) => values.get(code)?.value ?? undefined);
    return { check, values, serial: serial.find((one) => one !== undefined) };
  }
}
