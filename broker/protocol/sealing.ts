/**
 * Sealing one share from one home to another: HKDF-SHA256 for key and nonce, ChaCha20-Poly1305 for the share.
 * What opens is known to come from that home, for this round, untouched. Knows nothing of messages.
 */
import { createCipheriv, createDecipheriv, hash } from 'node:crypto';

/** Bytes that sealing adds. */
export const sealBytes = 16;

/** The round that all seals are bound to. */
export interface SealContext {
  readonly rosterHash: Uint8Array;
  readonly roundHash: Uint8Array;
}

/** Who seals for whom, by index in the roster (1..n), and under what. */
export interface SealParties {
  readonly from: number;
  readonly to: number;
  /** K of the two. */
  readonly pairKey: Uint8Array;
  /** Of the sender's report, 16 bytes. */
  readonly salt: Uint8Array;
}

/** Seals and opens the shares of one round. Keeps scratch memory, so that a thousand seals allocate little. */
export class Sealing {
  readonly #roundHash: Uint8Array;
  readonly #derive: Derivation;

  constructor(context: SealContext) {
    this.#roundHash = context.roundHash;
    this.#derive = new Derivation(context);
  }

  /** Writes ciphertext and tag, `share.length + sealBytes`, into `into` at `at`. */
  seal(parties: SealParties, share: Uint8Array, into: Uint8Array, at: number): void {
    const { key, nonce } = this.#derive.keyOf(parties);
    const cipher = createCipheriv(cipherName, key, nonce, cipherOptions);
    cipher.setAAD(this.#roundHash, aadOptions(share.length));
    into.set(cipher.update(share), at);
    cipher.final();
    into.set(cipher.getAuthTag(), at + share.length);
  }

  /** @returns the share, or undefined where the seal is not that of these parties in this round */
  open(parties: SealParties, sealed: Uint8Array): Uint8Array | undefined {
    const length = sealed.length - sealBytes;
    if (length < 0) return undefined;
    const { key, nonce } = this.#derive.keyOf(parties);
    const decipher = createDecipheriv(cipherName, key, nonce, cipherOptions);
    decipher.setAAD(this.#roundHash, aadOptions(length));
    decipher.setAuthTag(sealed.subarray(length));
    const share = decipher.update(sealed.subarray(0, length));
    try {
      decipher.final();
    } catch {
      // Node says no more than that the tag is wrong.
      return undefined;
    }
    return share;
  }
}

/** What key and nonce are bound to: the purpose, roster and round, sender and receiver. */
export function sealInfo({ rosterHash, roundHash }: SealContext, from: number, to: number): Uint8Array {
  const indices = Buffer.alloc(8);
  writeIndices(indices, 0, from, to);
  return Buffer.concat([infoStart, rosterHash, roundHash, indices]);
}

/** ChaCha20-Poly1305 key (32 bytes) and nonce (12) of one sealed share. */
export function sealKey(context: SealContext, parties: SealParties): { key: Uint8Array; nonce: Uint8Array } {
  const { key, nonce } = new Derivation(context).keyOf(parties);
  return { key: Uint8Array.from(key), nonce: Uint8Array.from(nonce) };
}

const cipherName = 'chacha20-poly1305';
const cipherOptions = { authTagLength: sealBytes };
const aadOptions = (plaintextLength: number) => ({ plaintextLength });

const blockBytes = 64;
const digestBytes = 32;
const infoStart = Buffer.from('wattveil/1/share\0');
const fromAt = infoStart.length + 2 * digestBytes;
const infoBytes = fromAt + 8;

/**
 * HKDF-SHA256 (RFC 5869) of 44 bytes, written out as its six hashes: with all that stays the same left in place this
 * takes a third of what hkdfSync does. Digests pass as binary text, because making a Buffer costs more than the hash
 * itself; where a digest goes to several places it is read off the text once.
 */
class Derivation {
  // Each holds what one hash goes over: a padded key (RFC 2104), then the message. Keys of one length each, so that
  // only what the key covers is written again.
  readonly #extract = block(innerPad, digestBytes);
  readonly #extractOuter = block(outerPad, digestBytes);
  readonly #first = block(innerPad, infoBytes + 1);
  readonly #second = block(innerPad, digestBytes + infoBytes + 1);
  readonly #outer = block(outerPad, digestBytes);
  readonly #key = Buffer.alloc(32);
  readonly #nonce = Buffer.alloc(12);

  constructor(context: SealContext) {
    // The indices are written over for each seal.
    const info = sealInfo(context, 0, 0);
    this.#first.set(info, blockBytes);
    this.#first[blockBytes + infoBytes] = 1;
    this.#second.set(info, blockBytes + digestBytes);
    this.#second[blockBytes + digestBytes + infoBytes] = 2;
  }

  /** The two are overwritten by the next call. */
  keyOf({ from, to, pairKey, salt }: SealParties): { key: Uint8Array; nonce: Uint8Array } {
    writeIndices(this.#first, blockBytes + fromAt, from, to);
    writeIndices(this.#second, blockBytes + digestBytes + fromAt, from, to);
    this.#extract.set(pairKey, blockBytes);
    this.#writeSalt(salt);
    this.#writeExtracted(hmac(this.#extract, this.#extractOuter));
    this.#writeKey(hmac(this.#first, this.#outer));
    this.#nonce.write(hmac(this.#second, this.#outer), 'binary');
    return { key: this.#key, nonce: this.#nonce };
  }

  #writeSalt(salt: Uint8Array): void {
    for (let at = 0; at < salt.length; at++) {
      const byte = salt[at] as number;
      this.#extract[at] = byte ^ innerPad;
      this.#extractOuter[at] = byte ^ outerPad;
    }
  }

  /** What was extracted is the key of both hashes that expand it. */
  #writeExtracted(digest: string): void {
    const [first, second, outer] = [this.#first, this.#second, this.#outer];
    for (let at = 0; at < digestBytes; at++) {
      const byte = digest.charCodeAt(at);
      first[at] = byte ^ innerPad;
      second[at] = byte ^ innerPad;
      outer[at] = byte ^ outerPad;
    }
  }

  /** The first block of output begins the message of the second. */
  #writeKey(digest: string): void {
    const [key, second] = [this.#key, this.#second];
    for (let at = 0; at < digestBytes; at++) {
      const byte = digest.charCodeAt(at);
      key[at] = byte;
      second[blockBytes + at] = byte;
    }
  }
}

const innerPad = 0x36;
const outerPad = 0x5c;

/** A block that is padded already, and room for a message after it. */
function block(filler: number, messageBytes: number): Buffer {
  return Buffer.alloc(blockBytes + messageBytes).fill(filler, 0, blockBytes);
}

/** @param outer its key is written; the inner digest comes after it */
function hmac(inner: Buffer, outer: Buffer): string {
  outer.write(hash('sha256', inner, 'binary'), blockBytes, 'binary');
  return hash('sha256', outer, 'binary');
}

function writeIndices(buffer: Buffer, at: number, from: number, to: number): void {
  buffer.writeUInt32BE(from, at);
  buffer.writeUInt32BE(to, at + 4);
}
