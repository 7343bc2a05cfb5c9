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
 * takes half as long as hkdfSync. Digests pass as binary text, because making a Buffer costs more than the hash itself.
 */
class Derivation {
  // Each holds what one hash goes over: a padded key (RFC 2104), then the message. Keys of one length each, so that
  // only what the key covers is written again.
  readonly #extract = block(innerPad, digestBytes);
  readonly #extractOuter = block(outerPad, digestBytes);
  readonly #first = block(innerPad, infoBytes + 1);
  readonly #second = block(innerPad, digestBytes + infoBytes + 1);
  readonly #outer = block(outerPad, digestBytes);
  readonly #extracted = Buffer.alloc(digestBytes);
  readonly #out = Buffer.alloc(2 * digestBytes);
  readonly #key = this.#out.subarray(0, 32);
  readonly #nonce = this.#out.subarray(32, 44);

  constructor(context: SealContext) {
    // The indices are written over for each seal.
    const info = sealInfo(context, 0, 0);
    this.#first.set(info, blockBytes);
    this.#first[blockBytes + infoBytes] = 1;
    this.#second.set(info, blockBytes + digestBytes);
    this.#second[blockBytes + digestBytes + infoBytes] = 2;
  }

  /** The two are views that the next call overwrites. */
  keyOf({ from, to, pairKey, salt }: SealParties): { key: Uint8Array; nonce: Uint8Array } {
    writeIndices(this.#first, blockBytes + fromAt, from, to);
    writeIndices(this.#second, blockBytes + digestBytes + fromAt, from, to);
    this.#extract.set(pairKey, blockBytes);
    writeKey(salt, this.#extract, this.#extractOuter);
    hmac(this.#extract, this.#extractOuter, this.#extracted, 0);
    writeKey(this.#extracted, this.#first, this.#outer);
    hmac(this.#first, this.#outer, this.#out, 0);
    this.#second.set(this.#first.subarray(0, digestBytes));
    this.#second.set(this.#key, blockBytes);
    hmac(this.#second, this.#outer, this.#out, digestBytes);
    return { key: this.#key, nonce: this.#nonce };
  }
}

const innerPad = 0x36;
const outerPad = 0x5c;

/** A block that is padded already, and room for a message after it. */
function block(filler: number, messageBytes: number): Buffer {
  return Buffer.alloc(blockBytes + messageBytes).fill(filler, 0, blockBytes);
}

function writeKey(key: Uint8Array, inner: Uint8Array, outer: Uint8Array): void {
  for (let at = 0; at < key.length; at++) {
    const byte = key[at] as number;
    inner[at] = byte ^ innerPad;
    outer[at] = byte ^ outerPad;
  }
}

/** @param outer its key is written; the inner digest comes after it */
function hmac(inner: Buffer, outer: Buffer, into: Buffer, at: number): void {
  outer.write(hash('sha256', inner, 'binary'), blockBytes, 'binary');
  into.write(hash('sha256', outer, 'binary'), at, 'binary');
}

function writeIndices(buffer: Buffer, at: number, from: number, to: number): void {
  buffer.writeUInt32BE(from, at);
  buffer.writeUInt32BE(to, at + 4);
}
