/**
 * What no code can do a round without, bare: the same calls of node's cryptography, as often and over as many bytes, the
 * same sums of products, each report moved once; with nothing around them.
 */
import {
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  hash,
  randomBytes,
  sign as signWith,
  verify as verifyWith,
} from 'node:crypto';
import type { Round } from '../../broker/protocol/round.ts';
import { sealBytes, sealInfo } from '../../broker/protocol/sealing.ts';

/** Bytes that one of SHA-256's blocks and its digest have. */
const blockBytes = 64;
const digestBytes = 32;
const cipherName = 'chacha20-poly1305';
const cipherOptions = { authTagLength: sealBytes };

export class BareRound {
  readonly #round: Round;
  readonly #key = randomBytes(32);
  readonly #nonce = randomBytes(12);
  readonly #share: Buffer;
  readonly #sealed: { readonly text: Buffer; readonly tag: Buffer };
  readonly #digested = [digestBytes, infoBytes + 1, digestBytes + infoBytes + 1].map((bytes) =>
    Buffer.alloc(blockBytes + bytes),
  ) as [Buffer, Buffer, Buffer];
  readonly #signer = generateKeyPairSync('ed25519');
  /** About as long as a contributor set. */
  readonly #message: Buffer;
  readonly #signature: Buffer;
  readonly #residues: Float64Array;
  readonly #row: Float64Array;
  readonly #sums: Float64Array;
  /** Of all products, so that none is left out for being of no use. */
  sum = 0;

  constructor(round: Round) {
    this.#round = round;
    this.#share = randomBytes(8 * round.blocks);
    this.#sealed = this.#seal();
    this.#message = randomBytes(17 * round.roster.homes.length + 100);
    this.#signature = this.#sign();
    const { answers } = round.sharing;
    this.#residues = Float64Array.from({ length: round.blocks * answers }, (_, at) => (at * 7919) % 2097143);
    this.#row = this.#residues.slice(0, answers);
    this.#sums = new Float64Array(3 * round.blocks);
  }

  /** Of a home. */
  report(): void {
    const { sharing, blocks, roster } = this.#round;
    // Three bytes for each residue in three fields.
    randomBytes(9 * blocks * sharing.threshold);
    this.#products(sharing.homes - sharing.threshold, blocks);
    for (let member = 1; member <= roster.homes.length; member += 1) {
      this.#deriveKey();
      this.#seal();
    }
  }

  /** Of a member. */
  answer(): void {
    this.#verify();
    for (let contributor = 1; contributor <= this.#round.roster.homes.length; contributor += 1) {
      this.#deriveKey();
      this.#open();
    }
    this.#additions(this.#round.roster.homes.length);
  }

  /** Of the coordinator: from the reports as received, through the set, to the signed result. */
  coordinate(reports: readonly Uint8Array[]): void {
    for (const report of reports) new Uint8Array(report.length).set(report);
    this.#sign();
    const { sharing, blocks } = this.#round;
    // A weight for each answer: a product over those that are missing. Then the packed values.
    this.#products(sharing.dropouts, 1);
    this.#products(sharing.packing, blocks);
    this.#sign();
  }

  /** HKDF of 44 bytes as its six hashes, in the cheapest form node has for each. */
  #deriveKey(): void {
    const [short, first, second] = this.#digested;
    for (const bytes of [short, short, first, short, second, short]) hash('sha256', bytes, 'binary');
  }

  #seal() {
    const cipher = createCipheriv(cipherName, this.#key, this.#nonce, cipherOptions);
    cipher.setAAD(this.#round.hash, { plaintextLength: this.#share.length });
    const text = cipher.update(this.#share);
    cipher.final();
    return { text, tag: cipher.getAuthTag() };
  }

  #open(): void {
    const { text, tag } = this.#sealed;
    const decipher = createDecipheriv(cipherName, this.#key, this.#nonce, cipherOptions);
    decipher.setAAD(this.#round.hash, { plaintextLength: text.length });
    decipher.setAuthTag(tag);
    decipher.update(text);
    decipher.final();
  }

  #sign(): Buffer {
    return signWith(null, this.#message, this.#signer.privateKey);
  }

  #verify(): void {
    verifyWith(null, this.#message, this.#signer.publicKey, this.#signature);
  }

  /** Of rows of the three fields, each with each block. */
  #products(rows: number, blocks: number): void {
    const { answers } = this.#round.sharing;
    for (let row = 0; row < 3 * rows; row += 1) {
      for (let block = 0; block < blocks; block += 1) {
        this.sum += productsOf(this.#residues, block * answers, this.#row);
      }
    }
  }

  /** Of so many shares. */
  #additions(shares: number): void {
    const sums = this.#sums;
    for (let share = 0; share < shares; share += 1) {
      for (let at = 0; at < sums.length; at += 1) (sums[at] as number) += this.#residues[at] as number;
    }
  }
}

const infoBytes = sealInfo({ rosterHash: new Uint8Array(32), roundHash: new Uint8Array(32) }, 0, 0).length;

/** In four sums, as the protocol's own: one addition has to wait for the one before it. */
function productsOf(residues: Float64Array, start: number, row: Float64Array): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let at = 0;
  for (; at + 3 < row.length; at += 4) {
    sum0 += (residues[start + at] as number) * (row[at] as number);
    sum1 += (residues[start + at + 1] as number) * (row[at + 1] as number);
    sum2 += (residues[start + at + 2] as number) * (row[at + 2] as number);
    sum3 += (residues[start + at + 3] as number) * (row[at + 3] as number);
  }
  for (; at < row.length; at += 1) sum0 += (residues[start + at] as number) * (row[at] as number);
  return sum0 + sum1 + sum2 + sum3;
}
