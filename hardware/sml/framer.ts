/**
 * SML's transport (BSI TR-03109-1, annex IV, 8, version 1): finds files in a stream, takes the escapes out, checks them.
 * Knows nothing of what is in a file.
 */

import { crcKermit, crcX25 } from '../crc.ts';
import { type Framer, longestTelegram, type Telegram } from '../telegram.ts';
import { decodeFile } from './file.ts';

const esc = 0x1b;
const start = 0x01;
const end = 0x1a;
const escapeLength = 4;

export class SmlFramer implements Framer {
  /** As it was sent, for the check. */
  readonly #sent = new Uint8Array(longestTelegram);
  /** Without the escapes. */
  readonly #file = new Uint8Array(longestTelegram);
  #sentLength = 0;
  #fileLength = 0;
  #inside = false;
  /** Bytes of an escape in a row, not yet told from data. */
  #escapes = 0;
  /** What followed four of them. */
  #after: number[] = [];

  push(bytes: Uint8Array): Telegram[] {
    const telegrams: Telegram[] = [];
    for (const byte of bytes) {
      const telegram = this.#inside ? this.#take(byte) : this.#seek(byte);
      if (telegram) telegrams.push(telegram);
    }
    return telegrams;
  }

  end(): Telegram[] {
    this.#leave();
    return [];
  }

  #seek(byte: number): undefined {
    if (byte === esc) {
      this.#escapes = this.#after.length > 0 ? 1 : Math.min(this.#escapes + 1, escapeLength);
      this.#after = [];
    } else if (byte === start && this.#escapes === escapeLength) {
      this.#after.push(byte);
      if (this.#after.length === escapeLength) this.#enter();
    } else this.#leave();
  }

  #enter(): void {
    this.#leave();
    this.#inside = true;
    for (const byte of [esc, esc, esc, esc, start, start, start, start]) this.#keepSent(byte);
  }

  #leave(): void {
    this.#inside = false;
    this.#sentLength = 0;
    this.#fileLength = 0;
    this.#escapes = 0;
    this.#after = [];
  }

  #take(byte: number): Telegram | undefined {
    // One so long is none: its end was lost.
    if (this.#sentLength === longestTelegram) {
      this.#leave();
      return undefined;
    }
    this.#keepSent(byte);
    return this.#sort(byte);
  }

  #sort(byte: number): Telegram | undefined {
    if (this.#escapes === escapeLength) {
      this.#after.push(byte);
      return this.#after.length === escapeLength ? this.#unescape(this.#after) : undefined;
    }
    if (byte === esc) {
      this.#escapes++;
      return undefined;
    }
    for (; this.#escapes > 0; this.#escapes--) this.#keep(esc);
    this.#keep(byte);
    return undefined;
  }

  #unescape(after: readonly number[]): Telegram | undefined {
    const [first, padding = 0] = after;
    // Up to three bytes fill up the last four (8.1); DZG fills four up with four more.
    if (first === end && padding <= escapeLength) return this.#whole(padding);
    // The one before was broken off.
    if (after.every((byte) => byte === start)) {
      this.#enter();
      return undefined;
    }
    this.#after = [];
    if (after.every((byte) => byte === esc)) {
      this.#escapes = 0;
      for (const byte of after) this.#keep(byte);
      return undefined;
    }
    // No escape that there is: the first byte belongs to the data. So it is where data end in 1B, right before the end;
    // and so the stream goes on where a meter forgets to escape.
    this.#keep(esc);
    this.#escapes = escapeLength - 1;
    for (const byte of after) {
      const telegram = this.#sort(byte);
      if (telegram) return telegram;
    }
    return undefined;
  }

  #whole(padding: number): Telegram {
    const sent = this.#sent.slice(0, this.#sentLength);
    const file = this.#file.slice(0, Math.max(0, this.#fileLength - padding));
    this.#leave();
    return hasGoodCheck(sent) ? decodeFile(file) : { check: 'bad', values: new Map(), why: 'its check is wrong' };
  }

  #keepSent(byte: number): void {
    this.#sent[this.#sentLength++] = byte;
  }

  #keep(byte: number): void {
    this.#file[this.#fileLength++] = byte;
  }
}

/** X-25, its low byte first; or Kermit, its high byte first, as the Holley DTZ541 sends it (libsml#75). */
function hasGoodCheck(sent: Uint8Array): boolean {
  const body = sent.subarray(0, -2);
  const [one = 0, other = 0] = sent.subarray(-2);
  return crcX25(body) === (one | (other << 8)) || crcKermit(body) === ((one << 8) | other);
}
