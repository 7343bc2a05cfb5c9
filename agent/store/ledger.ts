/**
 * The ledger: what this home released and answered, for whom and in which sum, what it refused and why, and when it
 * went on from an older copy of itself.
 * Entries are added, never changed; how many took part and what came out is joined on when it is read.
 */
import { createHash } from 'node:crypto';
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Grid, Query, Statistics } from '../../broker/protocol/fields.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import type { Result } from '../../broker/protocol/json-messages.ts';
import type { Announce } from '../../broker/protocol/messages.ts';
import type { Round } from '../../broker/protocol/round.ts';
import { isRefusalCode, type Refusal, type RefusalCode, RefusedError } from '../policy/refusals.ts';
import type { Database } from './database.ts';

/** What a round asked for. */
export interface Asked {
  readonly cohort: string;
  readonly query: Query;
  readonly grid: Grid;
  readonly statistics: Statistics;
  /** Fewest contributors announced. */
  readonly minimum: number;
}

/** A restore, and up to where all counts as released since. */
interface Settled {
  readonly cause: RestoreCause;
  readonly spentUntil: EpochMs;
}

/** What came of a round, as far as this home knows. */
export interface Outcome {
  /** Homes in the sum: in the set that this home answered for, else as the utility says. */
  readonly contributors?: number;
  /** Whether this home's report is in the set that it answered for. */
  readonly included?: boolean;
  readonly result?: Result;
  /** The utility opened another set than the one answered here. */
  readonly otherSet?: true;
}

/** How it was noticed that the home goes on from an older copy of itself. */
export type RestoreCause =
  /** A householder put a backup in its place. */
  | 'backup'
  /** The database was damaged, and the last good copy took its place. */
  | 'database-copy'
  /** The key files and the database do not belong to the same time. */
  | 'keys-differ'
  /** The broker keeps something newer of this home's than the home itself knows. */
  | 'newer-known';

export type LedgerEntry = { readonly at: EpochMs } & (
  | ({
      readonly kind: 'released';
      readonly round: string;
      /** Homes in the roster. */
      readonly members: number;
      /** Ids of the tensors that were added up. */
      readonly tensors: readonly string[];
      /** SHA-256 of the report as sent, hex. */
      readonly sent: string;
    } & Asked &
      Outcome)
  | ({
      readonly kind: 'answered';
      readonly round: string;
      readonly members: number;
      /** Hex. */
      readonly set: string;
      /** SHA-256 of the answer as sent, hex. */
      readonly sent: string;
    } & Asked &
      Outcome)
  | ({ readonly kind: 'restored' } & Settled)
  | ({
      readonly kind: 'refused';
      readonly code: RefusalCode;
      readonly says: string;
      readonly remedy: string;
      readonly round?: string;
    } & Partial<Asked>)
);

/** A row to be written. The same kind, subject and code is written once. */
export interface NewEntry {
  readonly at: EpochMs;
  readonly kind: LedgerEntry['kind'];
  /** Round id, roster hash, or what kind of message it was. */
  readonly subject: string;
  readonly code: RefusalCode | '';
  readonly round: string | undefined;
  readonly details: object;
}

/** Refusals are caused by others, so the oldest make room; releases and answers are kept for ever. */
const mostRefusals = 2000;

export class Ledger {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @returns whether it is new */
  write({ at, kind, subject, code, round, details }: NewEntry): boolean {
    const { changes } = this.#database
      .prepare('INSERT OR IGNORE INTO ledger (at_ms, kind, subject, code, round, details) VALUES (?, ?, ?, ?, ?, ?)')
      .run(at, kind, subject, code, round ?? null, JSON.stringify(details));
    if (kind === 'refused' && changes > 0) this.#makeRoom();
    return changes > 0;
  }

  /** Newest first. */
  entries(): LedgerEntry[] {
    return this.#database.prepare<[], Row>(selectEntries).all().flatMap(entryOf);
  }

  #makeRoom(): void {
    this.#database
      .prepare(
        `DELETE FROM ledger WHERE kind = 'refused' AND id <=
          (SELECT id FROM ledger WHERE kind = 'refused' ORDER BY id DESC LIMIT 1 OFFSET ?)`,
      )
      .run(mostRefusals);
  }
}

export function releasedEntry(round: Round, tensors: readonly string[], report: Uint8Array, at: EpochMs): NewEntry {
  const details = { ...askedBy(round.announce), members: round.roster.homes.length, tensors, sent: digestOf(report) };
  return { at, kind: 'released', subject: round.id, code: '', round: round.id, details };
}

export function answeredEntry(round: Round, setHash: Uint8Array, answer: Uint8Array, at: EpochMs): NewEntry {
  const asked = { ...askedBy(round.announce), members: round.roster.homes.length };
  const details = { ...asked, set: toHex(setHash), sent: digestOf(answer) };
  return { at, kind: 'answered', subject: round.id, code: '', round: round.id, details };
}

export function refusedEntry(
  { code, details }: Refusal,
  subject: string,
  round: string | undefined,
  announce: Announce | undefined,
  at: EpochMs,
): NewEntry {
  const asked = announce === undefined ? {} : askedBy(announce);
  return { at, kind: 'refused', subject, code, round, details: { ...asked, refusal: details } };
}

export function restoredEntry({ cause, spentUntil }: Settled, at: EpochMs): NewEntry {
  return { at, kind: 'restored', subject: `${spentUntil}`, code: '', round: undefined, details: { cause, spentUntil } };
}

/** They are kept for ever. */
export function countReleases(database: Database): number {
  return database.prepare<[], number>("SELECT count(*) FROM ledger WHERE kind = 'released'").pluck().get() ?? 0;
}

export const digestOf = (sent: Uint8Array): string => createHash('sha256').update(sent).digest('hex');

/** What a round asked for, as the ledger says it. */
export function askedBy({ cohort, query, grid, statistics, minimum }: Announce): Asked {
  return { cohort, query, grid, statistics, minimum };
}

interface Row {
  at_ms: number;
  kind: LedgerEntry['kind'];
  code: string;
  round: string | null;
  details: string;
  contributors: number | null;
  contributes: number | null;
  answered_set: string | null;
  result: string | null;
}

const selectEntries = `
  SELECT at_ms, kind, code, ledger.round, details, contributors, contributes, set_hash AS answered_set,
    results.text AS result
  FROM ledger LEFT JOIN answers ON answers.round = ledger.round LEFT JOIN results ON results.round = ledger.round
  ORDER BY id DESC`;

/** None for a refusal whose code this version does not know. */
function entryOf(row: Row): LedgerEntry[] {
  const at = row.at_ms as EpochMs;
  const { refusal: details, ...rest } = JSON.parse(row.details);
  if (row.kind === 'restored') return [{ at, kind: row.kind, ...rest } as LedgerEntry];
  if (row.kind !== 'refused') {
    return [{ at, kind: row.kind, round: row.round, ...rest, ...outcomeOf(row) } as LedgerEntry];
  }
  if (!isRefusalCode(row.code)) return [];
  const { message: says, remedy } = new RefusedError({ code: row.code, details });
  const round = row.round === null ? {} : { round: row.round };
  return [{ at, kind: 'refused', code: row.code, says, remedy, ...round, ...rest } as LedgerEntry];
}

function outcomeOf({ contributors, contributes, answered_set: answered, result }: Row): Outcome {
  // Checked against its schema before it was stored.
  const read = result === null ? undefined : (JSON.parse(result) as Result);
  const count = contributors ?? read?.contributors;
  return {
    ...(count === undefined ? {} : { contributors: count }),
    ...(contributes === null ? {} : { included: contributes === 1 }),
    ...(read === undefined ? {} : { result: read }),
    ...(answered !== null && read?.set !== undefined && read.set !== answered && { otherSet: true as const }),
  };
}
