/**
 * Which results are to be at the broker, and until when. As long is kept what single homes said in their rounds.
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
   * The result is at the broker no longer. What is left of its round here are announcement, numbers and result, and of
   * a roster that no other round needs its hash.
   */
  forget(round: string): void {
    const run = (sql: string) => this.#database.prepare(sql).run(round);
    this.#database.transaction(() => {
      run(`
        UPDATE results SET retained = 0, counts = json_object(
          'reports', (SELECT count(*) FROM reports WHERE reports.round = results.round),
          'answers', (SELECT count(*) FROM answers WHERE answers.round = results.round AND contributor_set =
            (SELECT hash FROM contributor_sets s WHERE s.round = results.round ORDER BY number DESC LIMIT 1)),
          'declined', (SELECT json_group_object(reason, homes) FROM
            (SELECT reason, count(*) AS homes FROM declines WHERE declines.round = results.round GROUP BY reason)))
        WHERE round = ?`);
      for (const table of saidByHomes) run(`DELETE FROM ${table} WHERE round = ?`);
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
