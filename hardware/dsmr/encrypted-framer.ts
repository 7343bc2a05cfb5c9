/**
 * Finds encrypted telegrams in a stream of bytes and opens them with the customer's key, as ports in Luxembourg and
 * parts of Austria need it: a DLMS general-glo-ciphering frame around a P1 telegram (Smarty P1 specification 1.1.3,
 * 3.2.5).
 *
 * DB, 08, system title (8), length, security control, frame counter (4), cipher text, tag (12).
 */

import { createDecipheriv } from 'node:crypto';
import { type Framer, longestTelegram, type Telegram } from '../telegram.ts';
import { decodeP1 } from './telegram.ts';

export interface P1Keys {
  /** 16 bytes, from the network operator. */
  readonly key: Uint8Array;
  /** 16 bytes; Luxembourg's is the same for all, and the default. */
  readonly authenticationKey?: Uint8Array | undefined;
}

const general = 0xdb;
const titleLength = 8;
const counterLength = 4;
const tagLength = 12;
/** Encrypted; encrypted and authenticated. Suite 0, no compression, as all that are known. */
const encrypted = 0x20;
const authenticated = 0x30;
const commonAuthenticationKey = Buffer.from('00112233445566778899AABBCCDDEEFF', 'hex');

/** What stands for a frame that the key does not open. */
export const unopened: Telegram = { check: 'bad', values: new Map(), why: 'the key does not open it' };

interface Frame {
  readonly end: number;
  readonly title: Uint8Array;
  readonly control: number;
  readonly counter: Uint8Array;
  readonly sealed: Uint8Array;
}

export class EncryptedFramer implements Framer {
  readonly #keys: P1Keys;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(keys: P1Keys) {
    this.#keys = keys;
  }

  push(bytes: Uint8Array): Telegram[] {
    const telegrams: Telegram[] = [];
    for (let from = 0; from < bytes.length; from += longestTelegram) {
      this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(from, from + longestTelegram)]);
      this.#take(telegrams);
    }
    return telegrams;
  }

  end(): Telegram[] {
    this.#bytes = Buffer.alloc(0);
    return [];
  }

  #take(telegrams: Telegram[]): void {
    for (;;) {
      const start = startIn(this.#bytes);
      this.#bytes = this.#bytes.subarray(start);
      const frame = frameIn(this.#bytes);
      if (frame === undefined) return;
      const text = open(frame, this.#keys);
      // What does not open may be no frame: then the next one begins within.
      const within = text === undefined ? startIn(this.#bytes.subarray(2)) + 2 : frame.end;
      if (text !== undefined) telegrams.push(decodeP1(text));
      else if (within >= frame.end) telegrams.push(unopened);
      this.#bytes = this.#bytes.subarray(Math.min(within, frame.end));
    }
  }
}

/** So much of a line's bytes is kept to tell what is spoken there. */
export const headBytes = 2048;
/** To tell encrypted telegrams from text. */
const enoughBytes = 256;

/** Of the first bytes of a line: whether there are enough of them to say so. */
export function looksEncrypted(head: Uint8Array): boolean {
  return head.length >= enoughBytes && isEncrypted(head);
}

/** Whether a stream holds an encrypted frame, and is no text. */
export function isEncrypted(bytes: Uint8Array): boolean {
  const stream = Buffer.from(bytes);
  const head = headAt(stream.subarray(startIn(stream)));
  return head !== undefined && head !== 'none' && stream.filter((byte) => byte > 0x7f).length > stream.length / 8;
}

/** Where a frame begins, or may begin with what comes next. */
function startIn(bytes: Buffer): number {
  for (let at = bytes.indexOf(general); at !== -1; at = bytes.indexOf(general, at + 1)) {
    if (headAt(bytes.subarray(at)) !== 'none') return at;
  }
  return bytes.length;
}

/** Where the length ends, and how long what follows is; undefined while that is not known yet. */
function headAt(bytes: Buffer): { readonly at: number; readonly length: number } | 'none' | undefined {
  if (bytes.length > 1 && bytes[1] !== titleLength) return 'none';
  const lengthAt = 2 + titleLength;
  const first = bytes[lengthAt];
  if (first === undefined) return undefined;
  const extra = first < 0x80 ? 0 : first & 0x7f;
  if (extra > 2) return 'none';
  const at = lengthAt + 1 + extra;
  const control = bytes[at];
  if (control === undefined) return undefined;
  const length = extra === 0 ? first : bytes.readUIntBE(lengthAt + 1, extra);
  const isFrame = control === encrypted || control === authenticated;
  return isFrame && length > 1 + counterLength + tagLength && length <= longestTelegram ? { at, length } : 'none';
}

function frameIn(bytes: Buffer): Frame | undefined {
  const head = headAt(bytes);
  if (head === undefined || head === 'none' || bytes.length < head.at + head.length) return undefined;
  const sealedAt = head.at + 1 + counterLength;
  const end = head.at + head.length;
  return {
    end,
    title: bytes.subarray(2, 2 + titleLength),
    control: bytes.readUInt8(head.at),
    counter: bytes.subarray(head.at + 1, sealedAt),
    sealed: bytes.subarray(sealedAt, end),
  };
}

/** @returns undefined where the key is another one, or the frame damaged */
function open({ title, control, counter, sealed }: Frame, { key, authenticationKey }: P1Keys): string | undefined {
  const nonce = Buffer.concat([title, counter]);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: tagLength });
  if (control === encrypted) {
    // Not authenticated: what it says is known by its check alone.
    const text = decipher.update(sealed).toString('latin1');
    return text.startsWith('/') ? text : undefined;
  }
  decipher.setAAD(Buffer.concat([Buffer.of(control), authenticationKey ?? commonAuthenticationKey]));
  decipher.setAuthTag(sealed.subarray(-tagLength));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagLength)), decipher.final()]).toString('latin1');
  } catch {
    return undefined;
  }
}
