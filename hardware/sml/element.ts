/**
 * The elements of SML's binary encoding (BSI TR-03109-1, annex IV, 6): a type and a length, then bytes or more elements.
 * Pure.
 */

export type Element =
  | { readonly kind: 'octets'; readonly bytes: Uint8Array }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: bigint; readonly signed: boolean; readonly bytes: Uint8Array }
  | { readonly kind: 'list'; readonly elements: readonly Element[] }
  /** An optional one that was left out. */
  | { readonly kind: 'skipped' }
  | { readonly kind: 'endOfMessage' };

/** Thrown where bytes are no SML; never leaves this folder. */
export class NotSml extends Error {}

const types = { octets: 0, boolean: 4, integer: 5, unsigned: 6, list: 7 };
const deepest = 12;
const longestHead = 4;

/** A place in bytes, moving on. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** @throws {NotSml} */
  element(depth = 0): Element {
    const first = this.#byte();
    if (first === 0x00) return { kind: 'endOfMessage' };
    if (first === 0x01) return { kind: 'skipped' };
    const type = (first >> 4) & 7;
    const length = this.#length(first);
    if (type === types.list) return this.#list(length.value, depth);
    const bytes = this.#take(length.value - length.head);
    switch (type) {
      case types.octets:
        return { kind: 'octets', bytes };
      case types.boolean:
        return { kind: 'boolean', value: bytes.some((byte) => byte !== 0) };
      case types.integer:
      case types.unsigned:
        return integer(bytes, type === types.integer);
      default:
        throw new NotSml(`there is no type ${type}`);
    }
  }

  #list(length: number, depth: number): Element {
    if (depth >= deepest) throw new NotSml('lists too deep in lists');
    // An element has a byte at least.
    if (length > this.bytes.length - this.at) throw new NotSml('a list longer than its message');
    const elements: Element[] = [];
    for (let index = 0; index < length; index++) elements.push(this.element(depth + 1));
    return { kind: 'list', elements };
  }

  /** Of a list the elements; of all others the bytes, those that say type and length among them. */
  #length(first: number): { readonly value: number; readonly head: number } {
    let value = first & 0x0f;
    let head = 1;
    for (let byte = first; byte & 0x80; head++) {
      if (head === longestHead) throw new NotSml('a length of too many bytes');
      byte = this.#byte();
      value = (value << 4) | (byte & 0x0f);
    }
    return { value, head };
  }

  #byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new NotSml('it ends too early');
    return byte;
  }

  #take(length: number): Uint8Array {
    if (length < 0 || this.at + length > this.bytes.length) throw new NotSml('a length beyond its end');
    const taken = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return taken;
  }
}

/** Meters leave out leading bytes: an integer of 64 bits may come in five. */
function integer(bytes: Uint8Array, signed: boolean): Element {
  if (bytes.length === 0) return { kind: 'skipped' };
  if (bytes.length > 8) throw new NotSml('an integer of more than 64 bits');
  return { kind: 'integer', value: integerOf(bytes, signed), signed, bytes };
}

export function integerOf(bytes: Uint8Array, signed: boolean): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return signed ? BigInt.asIntN(8 * bytes.length, value) : value;
}
