/**
 * Which results are to be at the broker, and until when.
 */
import type { EpochMs } from '../protocol/clock.ts';
import type { Database } from '../store/database.ts';

export interface StoredResult {
  readonly round: string;
  readonly cohort: string;
  readonly text: string;
}

/** Of a month of many cohorts, all do not stand in memory together. */
export const pageLength = 64;

export class ResultStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Results that are to be at the broker, a page after the other: from the first round after this one on. */
  retainedResults(after: string): StoredResult[] {
    return this.#results('retained = 1 AND round > ? ORDER BY round', after);
  }

  /** Results that have been kept long enough, as many as are on a page. */
  overdueResults(now: EpochMs): StoredResult[] {
    return this.#results('retained = 1 AND retained_until_ms <= ?', now);
  }

  nextOverdue(): EpochMs | undefined {
    const next = this.#database.prepare('SELECT min(retained_until_ms) FROM results WHERE retained = 1').pluck();
    return (next.get() as EpochMs | null) ?? undefined;
  }

  markNotRetained(round: string): void {
    this.#database.prepare('UPDATE results SET retained = 0 WHERE round = ?').run(round);
  }

  #results(where: string, value: number | string): StoredResult[] {
    return this.#database
      .prepare(
        `SELECT round, cohort, signed AS text FROM results JOIN rounds USING (round) WHERE ${where} LIMIT ${pageLength}`,
      )
      .all(value) as StoredResult[];
  }
}
