/**
 * Cuts the members' opening requests out of the contributors' reports. Pure.
 */
import { openStart } from '../protocol/answer.ts';
import type { AcceptedSet } from '../protocol/contributor-set.ts';
import { sealedShareBytes, sharesOfDecoded } from '../protocol/report.ts';
import type { Round } from '../protocol/round.ts';

/** Neighbours in the roster whose requests are cut together: they are so in every report, too. */
const batch = 16;
const wordBytes = 4;

/**
 * @param reports of the set's contributors, in its order, as received and accepted
 * @param members whose requests will be asked for
 * @returns for a member's index its request, as sent; cheapest where members are taken in their order
 */
export function openRequests(
  round: Round,
  set: AcceptedSet,
  reports: readonly Uint8Array[],
  members: readonly number[],
): (member: number) => Uint8Array {
  const wanted = new Set(members);
  const cutter = new Cutter(round, set, reports);
  let first = 0;
  let cut: ReadonlyMap<number, Uint8Array> = new Map();
  return (member) => {
    const firstOfBatch = member - ((member - 1) % batch);
    if (firstOfBatch !== first) {
      first = firstOfBatch;
      cut = cutter.cut(first, wanted);
    }
    const request = cut.get(member);
    if (request === undefined) throw new RangeError(`member: expected one of those asked, got ${member}`);
    return request;
  };
}

class Cutter {
  /** Set and whatever else stands before the shares. */
  readonly #start: Uint8Array;
  readonly #sealed: readonly Uint8Array[];
  /** Bytes of one sealed share. */
  readonly #size: number;
  /** Of each contributor the shares of one batch. */
  readonly #pieces: Uint8Array;

  constructor(round: Round, set: AcceptedSet, reports: readonly Uint8Array[]) {
    this.#size = sealedShareBytes(round);
    this.#sealed = reports.map((report) => sharesOfDecoded(round, report));
    this.#start = openStart(set, reports.length * this.#size);
    this.#pieces = new Uint8Array(reports.length * batch * this.#size);
  }

  /** @returns the requests of those of the batch that are wanted */
  cut(first: number, wanted: ReadonlySet<number>): ReadonlyMap<number, Uint8Array> {
    const [from, bytes] = [(first - 1) * this.#size, batch * this.#size];
    for (const [at, shares] of this.#sealed.entries()) {
      this.#pieces.set(shares.subarray(from, from + bytes), at * bytes);
    }
    const members = Array.from({ length: batch }, (_, place) => first + place).filter((member) => wanted.has(member));
    return new Map(members.map((member) => [member, this.#requestAt(member - first)]));
  }

  #requestAt(place: number): Uint8Array {
    const shareBytes = this.#sealed.length * this.#size;
    // Behind what is skipped for that, the shares lie on whole words.
    const skipped = (wordBytes - (this.#start.length % wordBytes)) % wordBytes;
    const buffer = new ArrayBuffer(skipped + this.#start.length + shareBytes);
    const words = this.#size / wordBytes;
    const shares = new Uint32Array(buffer, skipped + this.#start.length);
    copyEach(new Uint32Array(this.#pieces.buffer), { first: place * words, words, every: batch * words }, shares);
    const request = new Uint8Array(buffer, skipped);
    request.set(this.#start);
    return request;
  }
}

/** As words, of which a sealed share is a whole number: that costs a quarter of moving bytes. */
function copyEach(
  from: Uint32Array,
  { first, words, every }: { first: number; words: number; every: number },
  into: Uint32Array,
): void {
  let to = 0;
  for (let start = first; start < from.length; start += every) {
    for (let word = 0; word < words; word += 1) {
      into[to] = from[start + word] as number;
      to += 1;
    }
  }
}
