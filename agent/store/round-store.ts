/**
 * What a home has on disk of rounds: rosters accepted, announcements bound, reports with the cells they spent,
 * answers, results. Everything is here before the world is told.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import { fromHex, toHex } from '../../broker/protocol/hex.ts';
import type { AcceptedRoster, SeenKey } from '../../broker/protocol/roster.ts';
import type { Round } from '../../broker/protocol/round.ts';
import type { Cell } from '../policy/check-cells.ts';
import type { AnswerGiven, Release } from '../rounds/participant-event.ts';
import type { Database } from './database.ts';
import { answeredEntry, type Ledger, releasedEntry } from './ledger.ts';

export interface StoredRound {
  /** Hex, the hash that the round's id is bound to. */
  readonly hash: string;
  /** Hex. */
  readonly roster: string;
  /** Empty where it is forgotten, as are report and answer then. */
  readonly signed: Uint8Array;
  readonly forgotten: boolean;
  readonly acceptedAt: EpochMs;
  readonly expiry: EpochMs;
  readonly report: Uint8Array | undefined;
  readonly answer: { setHash: Uint8Array; bytes: Uint8Array; contributes: boolean } | undefined;
  /** Whether its signed result has come. */
  readonly over: boolean;
}

export interface StoredRoster {
  readonly signed: Uint8Array;
  readonly forgotten: boolean;
  readonly epoch: number;
  readonly acceptedAt: EpochMs;
}

interface RoundRow {
  hash: string;
  roster: string;
  signed: Uint8Array;
  accepted_at_ms: number;
  expiry_ms: number;
  report: Uint8Array | null;
  set_hash: string | null;
  answer: Uint8Array | null;
  contributes: number | null;
  over: number;
  forgotten: number;
}

export class RoundStore {
  readonly #database: Database;
  readonly #ledger: Ledger;

  constructor(database: Database, ledger: Ledger) {
    this.#database = database;
    this.#ledger = ledger;
  }

  /** `forgotten`: the key that it names this home with is erased, and `signed` is empty. */
  roster(hash: string): StoredRoster | undefined {
    const row = this.#database
      .prepare<[string], Omit<StoredRoster, 'forgotten'> & { forgotten: number }>(
        `SELECT signed, epoch, accepted_at_ms AS acceptedAt, forgotten_at_ms IS NOT NULL AS forgotten
         FROM rosters WHERE hash = ?`,
      )
      .get(hash);
    return row && { ...row, forgotten: row.forgotten === 1 };
  }

  /** Epoch -> hash of the roster accepted for it. */
  epochsOf(cohort: string): Map<number, Uint8Array> {
    const rows = this.#database
      .prepare<[string], { epoch: number; hash: string }>('SELECT epoch, hash FROM rosters WHERE cohort = ?')
      .all(cohort);
    return new Map(rows.map(({ epoch, hash }) => [epoch, fromHex(hash)]));
  }

  /** Home -> the newest agreement key seen. */
  keysSeen(): Map<string, SeenKey> {
    const rows = this.#database
      .prepare<[], SeenKey & { home: string }>('SELECT home, sequence, key FROM agreement_keys_seen')
      .all();
    return new Map(rows.map(({ home, sequence, key }) => [home, { sequence, key }]));
  }

  /** @param ownSequence of the agreement key that it names this home with */
  keepRoster(roster: AcceptedRoster, signed: Uint8Array, ownSequence: number, at: EpochMs): void {
    const row = this.#database.prepare(
      `INSERT OR IGNORE INTO rosters (hash, cohort, epoch, signed, own_sequence, accepted_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    const seen = this.#database.prepare(
      `INSERT INTO agreement_keys_seen (home, sequence, key) VALUES (?, ?, ?)
       ON CONFLICT (home) DO UPDATE SET sequence = excluded.sequence, key = excluded.key
       WHERE excluded.sequence > sequence`,
    );
    this.#database.transaction(() => {
      row.run(toHex(roster.hash), roster.cohort, roster.epoch, signed, ownSequence, at);
      for (const home of roster.homes) seen.run(home.id, home.sequence, home.agreement);
    })();
  }

  round(id: string): StoredRound | undefined {
    const row = this.#database.prepare<[string], RoundRow>(selectRound).get(id);
    if (row === undefined) return undefined;
    const { hash, roster, signed, report, answer, set_hash: setHash } = row;
    return {
      hash,
      roster,
      signed,
      acceptedAt: row.accepted_at_ms as EpochMs,
      expiry: row.expiry_ms as EpochMs,
      report: report ?? undefined,
      answer:
        answer === null || setHash === null
          ? undefined
          : { bytes: answer, setHash: fromHex(setHash), contributes: row.contributes === 1 },
      over: row.over === 1,
      forgotten: row.forgotten === 1,
    };
  }

  /** Binds the id to this announcement. One that is bound to it already stays as it is. */
  bind(round: Round, at: EpochMs): void {
    this.#database
      .prepare(
        `INSERT OR IGNORE INTO rounds (id, hash, roster, signed, expiry_ms, accepted_at_ms) VALUES (?, ?, ?, ?, ?, ?)`,
      )
      .run(round.id, toHex(round.hash), toHex(round.roster.hash), round.signed, round.announce.expiry, at);
  }

  /** @returns the round in which any of these cells was released, whatever became of it */
  spentIn(cells: readonly Cell[]): string | undefined {
    const find = this.#database.prepare<[string, string, number, number], { round: string }>(
      'SELECT round FROM spent_cells WHERE device = ? AND family = ? AND until_ms > ? AND from_ms < ? LIMIT 1',
    );
    for (const { device, family, from, until } of cells) {
      const found = find.get(device, family, from, until);
      if (found !== undefined) return found.round;
    }
    return undefined;
  }

  /** Report, spent cells and ledger entry, all or nothing. @throws {SqliteError} where a cell is spent already */
  keepReport(round: Round, { report, cells, tensors }: Release, at: EpochMs): void {
    const spend = this.#database.prepare(
      'INSERT INTO spent_cells (device, family, from_ms, until_ms, round) VALUES (?, ?, ?, ?, ?)',
    );
    this.#database.transaction(() => {
      this.#database
        .prepare('INSERT INTO reports (round, bytes, stored_at_ms) VALUES (?, ?, ?)')
        .run(round.id, report, at);
      for (const { device, family, from, until } of cells) spend.run(device, family, from, until, round.id);
      this.#ledger.write(releasedEntry(round, tensors, report, at));
    })();
  }

  /** Answer and ledger entry, both or neither. @throws {SqliteError} where the round is answered already */
  keepAnswer(round: Round, { answer, setHash, signedSet, contributors, contributes }: AnswerGiven, at: EpochMs): void {
    this.#database.transaction(() => {
      this.#database
        .prepare(
          `INSERT INTO answers (round, set_hash, signed_set, bytes, contributors, contributes, stored_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(round.id, toHex(setHash), signedSet, answer, contributors, contributes ? 1 : 0, at);
      this.#ledger.write(answeredEntry(round, setHash, answer, at));
    })();
  }

  /** @param text as received, its signature checked */
  keepResult(round: string, text: string, at: EpochMs): void {
    this.#database
      .prepare('INSERT OR IGNORE INTO results (round, text, received_at_ms) VALUES (?, ?, ?)')
      .run(round, text, at);
  }
}

const selectRound = `
  SELECT rounds.hash, roster, signed, accepted_at_ms, expiry_ms, reports.bytes AS report, set_hash,
    answers.bytes AS answer, contributes, results.text IS NOT NULL AS over,
    forgotten_at_ms IS NOT NULL AS forgotten
  FROM rounds LEFT JOIN reports ON reports.round = id LEFT JOIN answers ON answers.round = id
    LEFT JOIN results ON results.round = id
  WHERE id = ?`;
