/**
 * Rounds on disk. A round's state is what its tables hold: each effect adds rows, and the same rows are read back after
 * a restart. They are needed for the list of rounds anyway, and a report in them is stored once; a log of events or the
 * state as one value would hold every report a second time.
 */
import type { EpochMs } from '../protocol/clock.ts';
import type { DeclineReason } from '../protocol/fields.ts';
import type { Round } from '../protocol/round.ts';
import type { Database } from '../store/database.ts';
import { Statements } from '../store/statements.ts';
import type { Complaints, Heard, Store } from './round-states.ts';

export interface StoredRound {
  readonly round: string;
  readonly cohort: string;
  /** Roster hash. */
  readonly roster: Uint8Array;
  readonly announce: Uint8Array;
  readonly matching: readonly number[];
  readonly announcedAt: EpochMs;
}

export interface StoredSet {
  readonly hash: Uint8Array;
  readonly signed: Uint8Array;
  /** The members of the first wave, while they alone are asked. */
  readonly wave: readonly number[];
}

export class RoundStore {
  readonly #database: Database;
  readonly #statements: Statements;

  constructor(database: Database) {
    this.#database = database;
    this.#statements = new Statements(database);
  }

  /** All of it or nothing. */
  insert(round: Round, parts: { matching: readonly number[]; request: string; now: EpochMs }): void {
    this.#statements
      .of(
        `INSERT INTO rounds (round, cohort, roster, announce, members, matching, request, announced_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        round.id,
        round.announce.cohort,
        round.roster.hash,
        round.signed,
        round.roster.homes.length,
        JSON.stringify(parts.matching),
        parts.request,
        parts.now,
      );
  }

  /** All that is written meanwhile is on disk together once this returns, or nothing of it is. */
  together(work: () => void): void {
    this.#database.transaction(work)();
  }

  /** Carries out what one transition has to have on disk: all of it or nothing. */
  write(round: string, stores: readonly Store[], times: { now: EpochMs; retainResultUntil: EpochMs }): void {
    if (stores.length === 0) return;
    this.together(() => {
      for (const store of stores) this.#write(round, store, times);
    });
  }

  #write(round: string, store: Store, times: { now: EpochMs; retainResultUntil: EpochMs }): void {
    switch (store.type) {
      case 'storeReport': {
        const { home, salt, digest, bytes } = store;
        this.#run('DELETE FROM declines WHERE round = ? AND home = ?', round, home);
        this.#run('INSERT INTO reports VALUES (?, ?, ?, ?, ?)', round, home, salt, digest, bytes);
        return;
      }
      case 'storeDecline':
        this.#run('INSERT OR REPLACE INTO declines VALUES (?, ?, ?)', round, store.home, store.reason);
        return;
      case 'storeSet':
        this.#run(
          `INSERT INTO contributor_sets
           SELECT ?, ?, 1 + count(*), ?, ? FROM contributor_sets WHERE round = ?`,
          round,
          store.set.hash,
          store.set.signed,
          JSON.stringify(store.wave),
          round,
        );
        return;
      case 'storeAskedAll':
        this.#run(`UPDATE contributor_sets SET wave = '[]' WHERE round = ? AND hash = ?`, round, store.set.hash);
        return;
      case 'storeComplaint':
        this.#run('INSERT INTO complaints VALUES (?, ?, ?, ?)', round, store.set.hash, store.home, store.contributor);
        return;
      case 'storeAnswer':
        this.#run('INSERT INTO answers VALUES (?, ?, ?, ?)', round, store.set.hash, store.home, store.sums);
        return;
      case 'storeResult': {
        const { result, text } = store;
        const reason = result.state === 'failed' ? result.reason : null;
        this.#run(
          `INSERT INTO results (round, state, reason, signed, ended_at_ms, retained_until_ms)
           VALUES (?, ?, ?, ?, ?, ?)`,
          round,
          result.state,
          reason,
          text,
          times.now,
          times.retainResultUntil,
        );
        // Sealed and summed shares serve nobody any more.
        this.#run('UPDATE reports SET report = NULL WHERE round = ?', round);
        this.#run("UPDATE answers SET sums = x'' WHERE round = ?", round);
      }
    }
  }

  #run(sql: string, ...values: readonly (string | number | null | Uint8Array)[]): void {
    this.#statements.of(sql).run(...values);
  }

  roundOfRequest(request: string): string | undefined {
    return this.#statements.of('SELECT round FROM rounds WHERE request = ?').pluck().get(request) as string | undefined;
  }

  find(round: string): StoredRound | undefined {
    return this.#rounds('WHERE round = ?', round)[0];
  }

  /** Rounds without a result. */
  running(): StoredRound[] {
    return this.#rounds('WHERE cleared = 0 AND round NOT IN (SELECT round FROM results)');
  }

  #rounds(where: string, ...values: readonly string[]): StoredRound[] {
    const rows = this.#statements.of(`SELECT * FROM rounds ${where}`).all(...values) as {
      round: string;
      cohort: string;
      roster: Buffer;
      announce: Buffer;
      matching: string;
      announced_at_ms: EpochMs;
    }[];
    return rows.map((row) => ({
      round: row.round,
      cohort: row.cohort,
      roster: row.roster,
      announce: row.announce,
      matching: JSON.parse(row.matching) as number[],
      announcedAt: row.announced_at_ms,
    }));
  }

  /** What each home has said, in roster order, undefined where nothing. */
  heard(round: string, homes: number): (Heard | undefined)[] {
    const heard = new Array<Heard | undefined>(homes).fill(undefined);
    const declines = this.#statements.of('SELECT home, reason FROM declines WHERE round = ?').all(round);
    for (const { home, reason } of declines as { home: number; reason: DeclineReason }[]) {
      heard[home - 1] = { said: 'decline', reason };
    }
    const reports = this.#statements.of('SELECT home, salt, digest FROM reports WHERE round = ?').all(round);
    for (const { home, salt, digest } of reports as { home: number; salt: Buffer; digest: Buffer }[]) {
      heard[home - 1] = { said: 'report', salt, digest };
    }
    return heard;
  }

  /** The sets that were fixed, the one in force first. */
  contributorSets(round: string): StoredSet[] {
    const rows = this.#statements
      .of('SELECT hash, signed, wave FROM contributor_sets WHERE round = ? ORDER BY number DESC')
      .all(round) as { hash: Buffer; signed: Buffer; wave: string }[];
    return rows.map(({ hash, signed, wave }) => ({ hash, signed, wave: JSON.parse(wave) as number[] }));
  }

  complaints(round: string, set: Uint8Array): Complaints {
    const rows = this.#statements
      .of('SELECT home, contributor FROM complaints WHERE round = ? AND contributor_set = ?')
      .all(round, set) as { home: number; contributor: number }[];
    const complaints = new Map<number, number[]>();
    for (const { home, contributor } of rows) {
      complaints.set(home, [...(complaints.get(home) ?? []), contributor]);
    }
    return complaints;
  }

  /** Summed shares for that set, in roster order; empty once the round has ended. */
  answers(round: string, set: Uint8Array, homes: number): (Uint8Array | undefined)[] {
    const answers = new Array<Uint8Array | undefined>(homes).fill(undefined);
    const rows = this.#statements
      .of('SELECT home, sums FROM answers WHERE round = ? AND contributor_set = ?')
      .all(round, set) as { home: number; sums: Buffer }[];
    for (const { home, sums } of rows) answers[home - 1] = sums;
    return answers;
  }

  /** Reports as received, of those homes, in that order. */
  reports(round: string, homes: readonly number[]): Uint8Array[] {
    const select = this.#statements.of('SELECT report FROM reports WHERE round = ? AND home = ?').pluck();
    return homes.map((home) => {
      const report = select.get(round, home) as Buffer | null | undefined;
      if (report === undefined || report === null) throw new RangeError(`round ${round}: no report of home ${home}`);
      return report;
    });
  }

  /** The signed result. */
  result(round: string): string | undefined {
    return this.#statements.of('SELECT signed FROM results WHERE round = ?').pluck().get(round) as string | undefined;
  }
}
