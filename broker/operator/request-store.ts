/**
 * Operator requests that change something, with their outcome, on disk: the same id twice leads to the same outcome.
 */
import type { EpochMs } from '../protocol/clock.ts';
import type { Database } from '../store/database.ts';

export interface StoredOperatorRequest {
  readonly request: string;
  /** SHA-256 of the request as received. */
  readonly payloadHash: Uint8Array;
  /** The round it has opened. */
  readonly round: string | null;
  /** The last reply, JSON; null while a round is running. */
  readonly outcome: string | null;
}

const columns = 'request, payload_hash AS payloadHash, round, outcome';

export class RequestStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(request: string): StoredOperatorRequest | undefined {
    return this.#database.prepare(`SELECT ${columns} FROM operator_requests WHERE request = ?`).get(request) as
      | StoredOperatorRequest
      | undefined;
  }

  /** Rounds still running. */
  unfinished(): StoredOperatorRequest[] {
    return this.#database
      .prepare(`SELECT ${columns} FROM operator_requests WHERE outcome IS NULL`)
      .all() as StoredOperatorRequest[];
  }

  keep(stored: StoredOperatorRequest, at: EpochMs): void {
    this.#database
      .prepare(
        `INSERT INTO operator_requests (request, payload_hash, round, outcome, at_ms)
         VALUES (@request, @payloadHash, @round, @outcome, @at)
         ON CONFLICT DO UPDATE SET round = excluded.round, outcome = excluded.outcome`,
      )
      .run({ ...stored, at });
  }

  /** A round bears its request's id for ever: that id must not come to mean another request. */
  forgetBefore(at: EpochMs): void {
    this.#database
      .prepare('DELETE FROM operator_requests WHERE at_ms < ? AND outcome IS NOT NULL AND round IS NULL')
      .run(at);
  }
}
