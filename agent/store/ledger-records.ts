/**
 * Everything that is stored of the rounds in the ledger, read for the check of the ledger against it.
 */
import { epochMs } from '../../broker/protocol/clock.ts';
import { spanOf } from '../../broker/protocol/grid.ts';
import { fromHex, toHex } from '../../broker/protocol/hex.ts';
import type { Announce } from '../../broker/protocol/messages.ts';
import { type AcceptedRoster, checkRoster } from '../../broker/protocol/roster.ts';
import { checkAnnounce } from '../../broker/protocol/round.ts';
import type { Cell } from '../policy/check-cells.ts';
import { checkCellsOnce, checkRecords, type Discrepancy, passes, type RoundRecords } from '../policy/check-ledger.ts';
import type { Database } from './database.ts';
import type { Enrolment } from './home-store.ts';
import { askedBy, digestOf } from './ledger.ts';

export interface LedgerCheck {
  /** How much was looked at. */
  readonly reports: number;
  readonly answers: number;
  /** Rounds of which what was sent is not held any more: of these, hours, sets and results. */
  readonly forgotten: number;
  readonly results: number;
  readonly discrepancies: readonly Discrepancy[];
}

/** @param enrolment undefined: nothing can have been sent */
export function checkLedger(database: Database, enrolment: Enrolment | undefined): LedgerCheck {
  const records = enrolment === undefined ? [] : new LedgerRecords(database, enrolment).all();
  const coordinator = fromHex(enrolment?.coordinator ?? '');
  const count = (is: (of: RoundRecords) => boolean) => records.filter(is).length;
  return {
    reports: count((of) => of.forgotten === undefined && (of.released !== undefined || of.report !== undefined)),
    answers: count((of) => of.forgotten === undefined && (of.answered !== undefined || of.answer !== undefined)),
    forgotten: count((of) => of.forgotten !== undefined && (of.report !== undefined || of.answer !== undefined)),
    results: count(({ result }) => result !== undefined),
    discrepancies: [
      ...records.flatMap((of) => checkRecords(of, coordinator)),
      ...checkCellsOnce(records.flatMap(({ id, cells }) => cells.map((cell) => ({ ...cell, round: id })))),
    ],
  };
}

/** What is kept of an entry besides kind and round; entries of older versions have no `sent`. */
type Details = ReturnType<typeof askedBy> & { members: number; sent?: string; tensors?: string[]; set?: string };

class LedgerRecords {
  readonly #database: Database;
  readonly #enrolment: Enrolment;
  readonly #rosters = new Map<string, AcceptedRoster | undefined>();

  constructor(database: Database, enrolment: Enrolment) {
    this.#database = database;
    this.#enrolment = enrolment;
  }

  all(): RoundRecords[] {
    const ids = this.#database
      .prepare<[], { round: string }>(
        `SELECT round FROM ledger WHERE kind IN ('released', 'answered') UNION SELECT round FROM reports
         UNION SELECT round FROM answers UNION SELECT round FROM results UNION SELECT round FROM spent_cells`,
      )
      .all();
    return ids.map(({ round }) => this.#of(round));
  }

  #of(id: string): RoundRecords {
    const { round, forgotten } = this.#round(id);
    return {
      id,
      round,
      forgotten,
      own: round?.roster.homes.find((home) => home.id === this.#enrolment.home)?.index,
      asked: round && askedText({ ...askedBy(round.announce), members: round.roster.homes.length }),
      released: this.#listed(id, 'released', ({ tensors = [], query, grid }) => ({
        tensors: tensors.length,
        quantity: query.quantity,
        span: spanOf(grid),
      })),
      answered: this.#listed(id, 'answered', ({ set = '' }) => ({ set })),
      report: withDigest(this.#row<{ bytes: Uint8Array }>('SELECT bytes FROM reports WHERE round = ?', id)),
      cells: this.#cells(id),
      answer: this.#answer(id),
      result: this.#row<{ text: string }>('SELECT text FROM results WHERE round = ?', id)?.text,
    };
  }

  #row<Row>(sql: string, ...by: string[]): Row | undefined {
    return this.#database.prepare<string[], Row>(sql).get(...by);
  }

  #cells(id: string): Cell[] {
    return this.#database
      .prepare<[string], Cell>(
        'SELECT device, family, from_ms AS "from", until_ms AS until FROM spent_cells WHERE round = ?',
      )
      .all(id);
  }

  #listed<More>(id: string, kind: string, more: (details: Details) => More) {
    const row = this.#row<{ details: string }>('SELECT details FROM ledger WHERE kind = ? AND round = ?', kind, id);
    if (row === undefined) return undefined;
    const details = JSON.parse(row.details) as Details;
    return { asked: askedText(details), sent: details.sent ?? '', ...more(details) };
  }

  #answer(id: string): RoundRecords['answer'] {
    const sql = `SELECT bytes, set_hash AS setHash, signed_set AS signedSet, contributors, contributes FROM answers
      WHERE round = ?`;
    type Row = Omit<NonNullable<RoundRecords['answer']>, 'digest' | 'contributes'> & { contributes: number };
    const row = withDigest(this.#row<Row>(sql, id));
    return row && { ...row, contributes: row.contributes === 1 };
  }

  #round(id: string): Pick<RoundRecords, 'round' | 'forgotten'> {
    interface Row {
      hash: string;
      roster: string;
      signed: Uint8Array;
      at: number;
      expiry: number;
      forgotten: number | null;
    }
    const row = this.#row<Row>(
      `SELECT hash, roster, signed, accepted_at_ms AS at, expiry_ms AS expiry, forgotten_at_ms AS forgotten
       FROM rounds WHERE id = ?`,
      id,
    );
    if (row === undefined) return { round: undefined, forgotten: undefined };
    if (row.forgotten !== null) {
      const rightly = row.signed.length === 0 && row.expiry < row.forgotten && this.#isKeyErased(row.roster);
      return { round: undefined, forgotten: { hash: fromHex(row.hash), rightly } };
    }
    const { cohort, coordinator } = this.#enrolment;
    const roster = this.#roster(row.roster);
    // It passed when it came; what the policy says since does not undo that.
    const context = { cohort, now: epochMs(row.at), collusionDivisor: Number.POSITIVE_INFINITY, topicRound: id };
    const round = passes(() =>
      checkAnnounce(row.signed, { ...context, coordinator: fromHex(coordinator), roster: () => roster }),
    );
    return { round: round && toHex(round.hash) === row.hash ? round : undefined, forgotten: undefined };
  }

  /** Whether the key that a roster names this home with is gone. */
  #isKeyErased(roster: string): boolean {
    const sql = `SELECT 1 AS erased FROM rosters JOIN agreement_keys ON sequence = own_sequence
       WHERE hash = ? AND erased_at_ms IS NOT NULL`;
    return this.#row<{ erased: 1 }>(sql, roster) !== undefined;
  }

  #roster(hash: string): AcceptedRoster | undefined {
    if (this.#rosters.has(hash)) return this.#rosters.get(hash);
    const row = this.#row<{ signed: Uint8Array; at: number }>(
      'SELECT signed, accepted_at_ms AS at FROM rosters WHERE hash = ?',
      hash,
    );
    const { cohort, coordinator, authority } = this.#enrolment;
    const keys = { coordinator: fromHex(coordinator), authority: fromHex(authority) };
    const read =
      row &&
      passes(() =>
        checkRoster(row.signed, { ...keys, cohort, now: epochMs(row.at), seen: new Map(), epochs: new Map() }),
      );
    const roster = read !== undefined && toHex(read.hash) === hash ? read : undefined;
    this.#rosters.set(hash, roster);
    return roster;
  }
}

function askedText({
  cohort,
  query,
  grid,
  statistics,
  minimum,
  members,
}: ReturnType<typeof askedBy> & { members: number }) {
  return JSON.stringify([cohort, query, grid, statistics, minimum, members] satisfies readonly (
    | Announce[keyof Announce]
    | number
  )[]);
}

function withDigest<Row extends { bytes: Uint8Array }>(row: Row | undefined): (Row & { digest: string }) | undefined {
  return row && { ...row, digest: digestOf(row.bytes) };
}
