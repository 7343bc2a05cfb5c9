/**
 * The newest tariff of each cohort on disk.
 */
import type { Database } from '../store/database.ts';

export interface StoredTariff {
  readonly cohort: string;
  readonly sequence: number;
  /** Instant. */
  readonly until: number;
  /** As sent. */
  readonly signed: string;
}

export class TariffStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  of(cohort: string): StoredTariff | undefined {
    return this.#database
      .prepare('SELECT cohort, sequence, until_ms AS until, signed FROM tariffs WHERE cohort = ?')
      .get(cohort) as StoredTariff | undefined;
  }

  all(): StoredTariff[] {
    return this.#database
      .prepare('SELECT cohort, sequence, until_ms AS until, signed FROM tariffs ORDER BY cohort')
      .all() as StoredTariff[];
  }

  keep(tariff: StoredTariff): void {
    this.#database
      .prepare(
        `INSERT INTO tariffs (cohort, sequence, until_ms, signed) VALUES (@cohort, @sequence, @until, @signed)
         ON CONFLICT DO UPDATE SET sequence = excluded.sequence, until_ms = excluded.until_ms, signed = excluded.signed`,
      )
      .run(tariff);
  }
}
