/**
 * Cuts the members' opening requests out of the contributors' reports. Pure.
 */
import { openStart } from '../protocol/answer.ts';
import type { AcceptedSet } from '../protocol/contributor-set.ts';
import { sealedShareBytes, sharesOfDecoded } from '../protocol/report.ts';
import type { Round } from '../protocol/round.ts';

/** Members whose requests are cut together: they are never all in memory at once. */
const batch = 32;
const wordBytes = BigInt64Array.BYTES_PER_ELEMENT;

/**
 * @param reports of the set's contributors, in its order, as received and accepted
 * @param members whose requests will be asked for
 * @returns for a member's index its request, as sent; cheapest where members are taken in the order given
 */
export function openRequests(
  round: Round,
  set: AcceptedSet,
  reports: readonly Uint8Array[],
  members: readonly number[],
): (member: number) => Uint8Array {
  const cutter = new Cutter(round, set, reports);
  const places = new Map(members.map((member, place) => [member, place]));
  let first = 0;
  let cut: readonly Uint8Array[] = [];
  return (member) => {
    const place = places.get(member);
    if (place === undefined) throw new RangeError(`member: expected one of those asked, got ${member}`);
    if (cut[place - first] === undefined) {
      first = place - (place % batch);
      cut = cutter.cut(members.slice(first, first + batch));
    }
    return cut[place - first] as Uint8Array;
  };
}

class Cutter {
  /** Set and whatever else stands before the shares. */
  readonly #start: Uint8Array;
  readonly #sealed: readonly Uint8Array[];
  /** Bytes of one sealed share. */
  readonly #size: number;

  constructor(round: Round, set: AcceptedSet, reports: readonly Uint8Array[]) {
    this.#size = sealedShareBytes(round);
    this.#sealed = reports.map((report) => sharesOfDecoded(round, report));
    this.#start = openStart(set, reports.length * this.#size);
  }

  cut(members: readonly number[]): readonly Uint8Array[] {
    const [from, until] = [Math.min(...members) - 1, Math.max(...members)];
    const requests = members.map(() => new Request(this.#start, this.#sealed.length * this.#size));
    const words = this.#size / wordBytes;
    const firstWords = members.map((member) => (member - 1 - from) * words);
    // Aligned, which a part of a report need not be.
    const piece = new BigInt64Array((until - from) * words);
    const pieceBytes = new Uint8Array(piece.buffer);
    for (const [at, shares] of this.#sealed.entries()) {
      pieceBytes.set(shares.subarray(from * this.#size, until * this.#size));
      for (let place = 0; place < requests.length; place += 1) {
        copyWords(piece, firstWords[place] as number, (requests[place] as Request).shares, at * words, words);
      }
    }
    return requests.map(({ bytes }) => bytes);
  }
}

/** A request in the making, its shares on whole words. */
class Request {
  readonly bytes: Uint8Array;
  readonly shares: BigInt64Array;

  constructor(start: Uint8Array, sharesBytes: number) {
    const skipped = (wordBytes - (start.length % wordBytes)) % wordBytes;
    const buffer = new ArrayBuffer(skipped + start.length + sharesBytes);
    this.bytes = new Uint8Array(buffer, skipped);
    this.bytes.set(start);
    this.shares = new BigInt64Array(buffer, skipped + start.length);
  }
}

/** In words of 64 bits, of which a sealed share is a whole number: they pass unseen, where those of 32 become doubles. */
function copyWords(from: BigInt64Array, start: number, into: BigInt64Array, to: number, words: number): void {
  for (let word = 0; word < words; word += 1) into[to + word] = from[start + word] as bigint;
}
