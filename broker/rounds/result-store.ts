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

export class ResultStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Results that are to be at the broker. */
  retainedResults(): StoredResult[] {
    return this.#results('WHERE retained = 1', []);
  }

  /** Results that have been kept long enough. */
  overdueResults(now: EpochMs): StoredResult[] {
    return this.#results('WHERE retained = 1 AND retained_until_ms <= ?', [now]);
  }

  nextOverdue(): EpochMs | undefined {
    const next = this.#database.prepare('SELECT min(retained_until_ms) FROM results WHERE retained = 1').pluck();
    return (next.get() as EpochMs | null) ?? undefined;
  }

  markNotRetained(round: string): void {
    this.#database.prepare('UPDATE results SET retained = 0 WHERE round = ?').run(round);
  }

  #results(where: string, values: readonly number[]): StoredResult[] {
    return this.#database
      .prepare(`SELECT round, cohort, signed AS text FROM results JOIN rounds USING (round) ${where}`)
      .all(...values) as StoredResult[];
  }
}
