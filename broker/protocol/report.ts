/**
 * A contributor's report: its vector, shared and sealed for every member of the roster.
 */
import type { PairKeys } from './agreement.ts';
import { ProtocolError } from './errors.ts';
import { sameBytes } from './hex.ts';
import { Decline, Report } from './messages.ts';
import type { Round } from './round.ts';
import { Sealing, sealBytes } from './sealing.ts';
import { type Residues, shareVector } from './sharing.ts';

/**
 * @param own the contributor's index, 1..n
 * @param salt 16 bytes, fresh from the system's random source, as the residues are
 * @returns the report as sent; it has to be on disk before it is
 * @throws {ProtocolError} VALUE_OUT_OF_FIELD
 */
export function makeReport(
  round: Round,
  own: number,
  pairKeys: PairKeys,
  vector: readonly bigint[],
  salt: Uint8Array,
  residues: Residues,
): Uint8Array {
  if (vector.length !== round.length) throw new RangeError(`vector: expected ${round.length}, got ${vector.length}`);
  const sealing = new Sealing({ rosterHash: round.roster.hash, roundHash: round.hash });
  const size = sealedShareBytes(round);
  const shares = new Uint8Array(round.roster.homes.length * size);
  shareVector(round.sharing, vector, residues).forEach((share, at) => {
    const pairKey = pairKeyOf(pairKeys, at + 1);
    sealing.seal({ from: own, to: at + 1, pairKey, salt }, share, shares, at * size);
  });
  return Report.encode({ round: round.hash, salt, shares });
}

/**
 * @param home whose report it is, for the error
 * @returns the sealed shares as one byte string, in roster order, a view into `bytes`
 * @throws {ProtocolError} REPORT_REFUSED, MESSAGE_*
 */
export function decodeReport(round: Round, bytes: Uint8Array, home = ''): Pick<Report, 'salt' | 'shares'> {
  const report = Report.decode(bytes);
  if (!sameBytes(report.round, round.hash)) {
    throw new ProtocolError('REPORT_REFUSED', { home, why: 'it is of another round', reason: 'round' });
  }
  if (report.shares.length !== round.roster.homes.length * sealedShareBytes(round)) {
    throw new ProtocolError('REPORT_REFUSED', { home, why: 'its shares have another length', reason: 'length' });
  }
  return report;
}

/**
 * The same of a report that was decoded before: `shares` is the last key of a report in canonical order, so its bytes
 * end it.
 * @returns a view into `bytes`
 */
export function sharesOfDecoded(round: Round, bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bytes.length - round.roster.homes.length * sealedShareBytes(round));
}

/**
 * The same, with the sealed shares apart: where a thousand reports are at hand, a million small views are slow.
 * @throws {ProtocolError} REPORT_REFUSED, MESSAGE_*
 */
export function readReport(
  round: Round,
  bytes: Uint8Array,
  home = '',
): { salt: Uint8Array; shares: readonly Uint8Array[] } {
  const { salt, shares } = decodeReport(round, bytes, home);
  return { salt, shares: cutShares(round, shares, round.roster.homes.length) ?? [] };
}

/**
 * @param home whose decline it is, for the error
 * @throws {ProtocolError} REPORT_REFUSED, MESSAGE_*
 */
export function readDecline(round: Round, bytes: Uint8Array, home = '?'): Decline['reason'] {
  const decline = Decline.decode(bytes);
  if (sameBytes(decline.round, round.hash)) return decline.reason;
  throw new ProtocolError('REPORT_REFUSED', { home, why: 'its decline is of another round', reason: 'round' });
}

/** Bytes of one home's sealed share in a round. */
export function sealedShareBytes(round: Pick<Round, 'blocks'>): number {
  return 8 * round.blocks + sealBytes;
}

/** @returns `count` sealed shares that fill `bytes`, or undefined where they do not */
export function cutShares(round: Round, bytes: Uint8Array, count: number): Uint8Array[] | undefined {
  const size = sealedShareBytes(round);
  if (bytes.length !== count * size) return undefined;
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

/** K with the home of that index. */
export function pairKeyOf(pairKeys: PairKeys, index: number): Uint8Array {
  const key = pairKeys[index - 1];
  if (key === undefined) throw new RangeError(`pair keys: none for home ${index}`);
  return key;
}
