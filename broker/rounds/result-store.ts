/**
 * Which results are to be at the broker, and until when. As long is kept what single homes said in their rounds.
 */
import type { EpochMs } from '../protocol/clock.ts';
import type { Database } from '../store/database.ts';
import { countsOfRound } from './round-list.ts';

export interface StoredResult {
  readonly round: string;
  readonly cohort: string;
  readonly text: string;
}

/** Of a month of many cohorts, all do not stand in memory together. */
export const pageLength = 64;

const saidByHomes = ['reports', 'declines', 'answers', 'complaints', 'contributor_sets'] as const;

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

  /**
   * These results are at the broker no longer. What is left of their rounds here are announcement, numbers and result,
   * and of a roster that no other round needs its hash.
   */
  forget(rounds: readonly string[]): void {
    const count = this.#database.prepare(
      `UPDATE results SET retained = 0, counts =
         (SELECT ${countsOfRound} FROM rounds WHERE rounds.round = results.round) WHERE round = ?`,
    );
    const deletions = saidByHomes.map((table) => this.#database.prepare(`DELETE FROM ${table} WHERE round = ?`));
    this.#database.transaction(() => {
      for (const round of rounds) for (const each of [count, ...deletions]) each.run(round);
      this.#database.exec(`
        UPDATE rosters SET signed = x'', forgotten = 1 WHERE forgotten = 0 AND cleared = 1 AND NOT EXISTS
          (SELECT 1 FROM rounds LEFT JOIN results USING (round)
           WHERE rounds.roster = rosters.hash AND (results.round IS NULL OR retained = 1))`);
    })();
  }

  #results(where: string, value: number | string): StoredResult[] {
    return this.#database
      .prepare(
        `SELECT round, cohort, signed AS text FROM results JOIN rounds USING (round) WHERE ${where} LIMIT ${pageLength}`,
      )
      .all(value) as StoredResult[];
  }
}
