/**
 * Homes on disk: who asks, who is approved, and the newest that each has sent of itself.
 */
import type { EpochMs } from '../protocol/clock.ts';
import type { Database } from '../store/database.ts';

export interface StoredHome {
  readonly home: string;
  readonly cohort: string;
  readonly identity: Uint8Array;
  readonly certificate: Uint8Array;
  readonly claim: string;
}

export interface StoredRequest {
  readonly home: string;
  readonly identity: Uint8Array;
  readonly claim: string;
}

/** A signed message kept as received. */
export interface StoredMessage {
  readonly sequence: number;
  readonly signed: Uint8Array;
}

/** What is kept of a home, newest only; the tables have the same columns. */
export type KeptMessage = 'agreement_keys' | 'catalogues';

export type StoredHomeWithMessages = StoredHome & {
  readonly agreementKey: Uint8Array | null;
  readonly catalogue: Uint8Array | null;
};

export class HomeStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  home(home: string): StoredHome | undefined {
    return this.#database
      .prepare('SELECT home, cohort, identity, certificate, claim FROM homes WHERE home = ?')
      .get(home) as StoredHome | undefined;
  }

  /** Approved, or waiting for the operator. */
  isKnown(home: string): boolean {
    const known =
      'SELECT 1 FROM homes WHERE home = @home UNION ALL SELECT 1 FROM enrolment_requests WHERE home = @home';
    return this.#database.prepare(known).get({ home }) !== undefined;
  }

  homeOfIdentity(identity: Uint8Array): string | undefined {
    return this.#database.prepare('SELECT home FROM homes WHERE identity = ?').pluck().get(identity) as
      | string
      | undefined;
  }

  /** Approved homes, ascending by id. */
  approved(cohort?: string): StoredHomeWithMessages[] {
    return this.#database
      .prepare(
        `SELECT home, cohort, identity, certificate, claim, k.signed AS agreementKey, c.signed AS catalogue
         FROM homes LEFT JOIN agreement_keys k USING (home) LEFT JOIN catalogues c USING (home)
         WHERE cohort = coalesce(?, cohort) ORDER BY home`,
      )
      .all(cohort ?? null) as StoredHomeWithMessages[];
  }

  cohorts(): string[] {
    return this.#database.prepare('SELECT DISTINCT cohort FROM homes ORDER BY cohort').pluck().all() as string[];
  }

  /** Oldest first; those of one home, or all. */
  requests(home?: string): StoredRequest[] {
    return this.#database
      .prepare(
        `SELECT home, identity, claim FROM enrolment_requests
         WHERE home = coalesce(?, home) ORDER BY asked_at_ms, home`,
      )
      .all(home ?? null) as StoredRequest[];
  }

  countRequests(): number {
    return this.#database.prepare('SELECT count(*) FROM enrolment_requests').pluck().get() as number;
  }

  ask({ home, identity, claim }: StoredRequest, at: EpochMs): void {
    this.#database
      .prepare(
        `INSERT INTO enrolment_requests (home, identity, claim, asked_at_ms) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET claim = excluded.claim`,
      )
      .run(home, identity, claim, at);
  }

  /** With another key than before, a home is another home: what the old one sent is forgotten. */
  approve(approved: StoredHome, at: EpochMs): void {
    this.#database.transaction(() => {
      const before = this.home(approved.home);
      if (before !== undefined && Buffer.compare(before.identity, approved.identity) !== 0) {
        this.#database.prepare('DELETE FROM agreement_keys WHERE home = ?').run(approved.home);
        this.#database.prepare('DELETE FROM catalogues WHERE home = ?').run(approved.home);
      }
      this.#database
        .prepare(
          `INSERT INTO homes (home, cohort, identity, certificate, claim, approved_at_ms)
           VALUES (@home, @cohort, @identity, @certificate, @claim, @at)
           ON CONFLICT DO UPDATE SET identity = excluded.identity, certificate = excluded.certificate,
             claim = excluded.claim, approved_at_ms = excluded.approved_at_ms`,
        )
        .run({ ...approved, at });
      this.#database.prepare('DELETE FROM enrolment_requests WHERE home = ?').run(approved.home);
    })();
  }

  /** Its name is free again. Rosters, rounds and what they know of its keys stay. */
  remove(home: string): void {
    this.#database.transaction(() => {
      for (const table of ['agreement_keys', 'catalogues', 'enrolment_requests', 'homes']) {
        this.#database.prepare(`DELETE FROM ${table} WHERE home = ?`).run(home);
      }
    })();
  }

  newest(kind: KeptMessage, home: string): StoredMessage | undefined {
    return this.#database.prepare(`SELECT sequence, signed FROM ${kind} WHERE home = ?`).get(home) as
      | StoredMessage
      | undefined;
  }

  keep(kind: KeptMessage, home: string, { sequence, signed }: StoredMessage): void {
    this.#database
      .prepare(
        `INSERT INTO ${kind} (home, sequence, signed) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET sequence = excluded.sequence, signed = excluded.signed`,
      )
      .run(home, sequence, signed);
  }
}
