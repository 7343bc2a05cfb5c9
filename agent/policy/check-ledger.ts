/**
 * Whether what is stored bears out what the ledger says: recomputed from the bytes as they were received and sent.
 * Pure. It proves nothing against whoever can change the ledger and all the rest alike; it finds what was damaged,
 * lost or changed in one place. Of a round whose messages are forgotten only hours, set and result can be compared.
 */

import { readAnswer } from '../../broker/protocol/answer.ts';
import { readSet } from '../../broker/protocol/contributor-set.ts';
import { ProtocolError } from '../../broker/protocol/errors.ts';
import type { Span } from '../../broker/protocol/grid.ts';
import { sameBytes, toHex } from '../../broker/protocol/hex.ts';
import { Result } from '../../broker/protocol/json-messages.ts';
import { decodeReport } from '../../broker/protocol/report.ts';
import type { Round } from '../../broker/protocol/round.ts';
import { readSignedJson } from '../../broker/protocol/signed-json.ts';
import { isQuantity } from '../../hardware/quantity.ts';
import { families } from '../tensors/families.ts';
import type { Cell } from './check-cells.ts';

/** What can be found, in words. */
export const discrepancies = {
  announcement: 'the announcement is missing, or is not what the utility signed under this hash and roster',
  asked: 'the ledger says something else than the announcement of what was asked, or of how many homes',
  'report-missing': 'the ledger lists a report, and none is stored',
  'report-not-listed': 'a report is stored that the ledger does not list',
  'report-changed': 'the stored report is not the one that was sent',
  'report-malformed': 'the stored report is none of this round',
  cells: 'the hours noted as released are not those of the report',
  'cell-twice': 'some hours are noted as released twice',
  'answer-missing': 'the ledger lists an answer, and none is stored',
  'answer-not-listed': 'an answer is stored that the ledger does not list',
  'answer-changed': 'the stored answer is not the one that was sent',
  'answer-malformed': 'the stored answer is none of this round and set',
  set: 'the set that was answered is missing, or is not what the utility signed under the hash in the ledger',
  contributors: 'the set that was answered has other homes than noted',
  'own-report': 'the set has this home in it with another report than the one stored',
  forgotten:
    'its messages are noted as forgotten, and are there, or the key is that they were for, or the round is not over',
  result: 'the stored result is not what the utility signed for this round',
  'result-contributors': 'the utility’s result has another number of homes than the set that was answered for it',
} as const satisfies Readonly<Record<string, string>>;

export type DiscrepancyCode = keyof typeof discrepancies;

export interface Discrepancy {
  readonly round: string;
  readonly code: DiscrepancyCode;
  readonly says: string;
}

/** What the ledger lists of a round: the fields that are compared. */
export interface ListedEntry {
  /** As JSON: cohort, query, grid, statistics, minimum, homes in the roster. */
  readonly asked: string;
  /** SHA-256 of what was sent, hex. */
  readonly sent: string;
}

export interface RoundRecords {
  readonly id: string;
  /** Undefined where it is missing or does not pass its checks any more, and where it is forgotten. */
  readonly round: Round | undefined;
  /**
   * Of a round of which no announcement, report or answer is held any more: the hash that its id stays bound to, and
   * whether it was one to forget.
   */
  readonly forgotten: { readonly hash: Uint8Array; readonly rightly: boolean } | undefined;
  /** Own index in the roster. */
  readonly own: number | undefined;
  /** By the announcement, to compare with what the ledger lists. */
  readonly asked: string | undefined;
  readonly released: (ListedEntry & Released) | undefined;
  readonly answered: (ListedEntry & { readonly set: string }) | undefined;
  readonly report: { readonly bytes: Uint8Array; readonly digest: string } | undefined;
  readonly cells: readonly Cell[];
  readonly answer:
    | {
        readonly bytes: Uint8Array;
        readonly digest: string;
        readonly setHash: string;
        readonly signedSet: Uint8Array | null;
        readonly contributors: number;
        readonly contributes: boolean;
      }
    | undefined;
  readonly result: string | undefined;
}

/** What the ledger lists of a report. */
interface Released {
  readonly tensors: number;
  readonly quantity: string;
  readonly span: Span;
}

/** @param coordinator its pinned key */
export function checkRecords(records: RoundRecords, coordinator: Uint8Array): Discrepancy[] {
  const found =
    records.forgotten === undefined ? checkHeld(records, coordinator) : checkForgotten(records, coordinator);
  return found.map((code) => ({ round: records.id, code, says: discrepancies[code] }));
}

function checkHeld(records: RoundRecords, coordinator: Uint8Array): DiscrepancyCode[] {
  const { round, asked, released, answered } = records;
  const found: DiscrepancyCode[] = [];
  if (round === undefined) found.push('announcement');
  else if ([released, answered].some((entry) => entry !== undefined && entry.asked !== asked)) found.push('asked');
  found.push(...checkReport(records), ...checkAnswer(records, coordinator));
  if (round !== undefined) found.push(...checkResult(round, records, coordinator));
  return found;
}

/** That a report and an answer were sent, for which hours and which set; not that their bytes are the ones listed. */
function checkForgotten(records: RoundRecords, coordinator: Uint8Array): DiscrepancyCode[] {
  const { id, forgotten, released, report, cells, answered, answer } = records;
  const isHeld = [report, answer].some((sent) => sent !== undefined && sent.bytes.length > 0);
  const found: DiscrepancyCode[] = isHeld || forgotten?.rightly !== true ? ['forgotten'] : [];
  if (released === undefined) found.push(...(report === undefined ? cellsWithoutReport(cells) : notListed));
  else if (report === undefined) found.push('report-missing');
  else if (!areCellsOf(released, cells)) found.push('cells');
  if ((answered === undefined) !== (answer === undefined)) {
    found.push(answer === undefined ? 'answer-missing' : 'answer-not-listed');
  } else if (answered?.set !== answer?.setHash) found.push('set');
  found.push(...checkResult({ id, hash: forgotten?.hash ?? new Uint8Array() }, records, coordinator));
  return found;
}

/** @param cells of all rounds; each with the round that it was released in */
export function checkCellsOnce(cells: readonly (Cell & { readonly round: string })[]): Discrepancy[] {
  const sorted = cells.toSorted((one, other) => compare(sourceOf(one), sourceOf(other)) || one.from - other.from);
  const twice = new Set<string>();
  /** What begins latest need not end latest. */
  let last: Cell | undefined;
  for (const cell of sorted) {
    if (last === undefined || sourceOf(last) !== sourceOf(cell)) last = cell;
    else {
      if (cell.from < last.until) twice.add(cell.round);
      if (cell.until > last.until) last = cell;
    }
  }
  return [...twice].map((round) => ({ round, code: 'cell-twice', says: discrepancies['cell-twice'] }));
}

function checkReport({ round, released, report, cells }: RoundRecords): DiscrepancyCode[] {
  if (released === undefined) return report === undefined ? cellsWithoutReport(cells) : notListed;
  if (report === undefined) return ['report-missing'];
  const found: DiscrepancyCode[] = [];
  if (report.digest !== released.sent) found.push('report-changed');
  if (round === undefined) return found;
  if (!passes(() => decodeReport(round, report.bytes))) found.push('report-malformed');
  if (!areCellsOf(released, cells)) found.push('cells');
  return found;
}

const notListed: DiscrepancyCode[] = ['report-not-listed'];

/** Of each tensor's device every family that the quantity has, over the whole grid. */
function areCellsOf({ tensors, quantity, span }: Released, cells: readonly Cell[]): boolean {
  const { from, until } = span;
  const expected = isQuantity(quantity) ? families[quantity] : [];
  const devices = new Set(cells.map(({ device }) => device));
  const areWhole = cells.every((cell) => cell.from === from && cell.until === until);
  const areAll = [...devices].every((device) => {
    const spent = cells.filter((cell) => cell.device === device).map(({ family }) => family);
    return spent.toSorted().join() === expected.toSorted().join();
  });
  return areWhole && areAll && devices.size === tensors;
}

const cellsWithoutReport = (cells: readonly Cell[]): DiscrepancyCode[] => (cells.length > 0 ? ['cells'] : []);

function checkAnswer(
  { round, own, answered, answer, report }: RoundRecords,
  coordinator: Uint8Array,
): DiscrepancyCode[] {
  if (answered === undefined) return answer === undefined ? [] : ['answer-not-listed'];
  if (answer === undefined) return ['answer-missing'];
  const found: DiscrepancyCode[] = [];
  if (answer.digest !== answered.sent) found.push('answer-changed');
  if (round === undefined) return found;
  const set = passes(() => readSet(round, coordinator, answer.signedSet ?? new Uint8Array()));
  if (set === undefined || toHex(set.hash) !== answered.set || answer.setHash !== answered.set)
    return [...found, 'set'];
  if (!passes(() => readAnswer(round, set.hash, answer.bytes))) found.push('answer-malformed');
  const place = set.contributors.indexOf(own ?? 0);
  if (set.contributors.length !== answer.contributors || place >= 0 !== answer.contributes) found.push('contributors');
  if (place >= 0 && !isSaltOf(round, report?.bytes, set.salts[place])) found.push('own-report');
  return found;
}

/** The salt is in the report as in the set: it was this report that was summed. */
function isSaltOf(round: Round, report: Uint8Array | undefined, salt: Uint8Array | undefined): boolean {
  const read = report && passes(() => decodeReport(round, report));
  return read !== undefined && salt !== undefined && sameBytes(read.salt, salt);
}

function checkResult(
  { id, hash }: Pick<Round, 'id' | 'hash'>,
  { result: text, answer }: RoundRecords,
  coordinator: Uint8Array,
): DiscrepancyCode[] {
  if (text === undefined) return [];
  const result = passes(() => readSignedJson(Result, 'result', coordinator, text, 'the coordinator'));
  if (result === undefined || result.round !== id || result.hash !== toHex(hash)) return ['result'];
  const isOfAnswered = answer !== undefined && result.set === answer.setHash;
  return isOfAnswered && result.contributors !== answer.contributors ? ['result-contributors'] : [];
}

/** @returns what it gives, or undefined where it is refused */
export function passes<Out>(read: () => Out): Out | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

const sourceOf = ({ device, family }: Cell) => JSON.stringify([device, family]);
const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
