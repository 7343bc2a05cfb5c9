/**
 * When the time was not to be trusted, so that a slot without value can say why.
 */
import type { Statement } from 'better-sqlite3';
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Database } from './database.ts';

export class ClockDoubts {
  readonly #database: Database;
  /** Prepared once: it runs for each slot without a value. */
  readonly #during: Statement<[number, number]>;

  constructor(database: Database) {
    this.#database = database;
    this.#during = database.prepare('SELECT 1 FROM clock_doubts WHERE from_ms < ? AND until_ms > ? LIMIT 1');
  }

  /** By the time as it was trusted before and after. */
  keep(from: EpochMs, until: EpochMs): void {
    if (from >= until) return;
    this.#database.prepare('INSERT OR IGNORE INTO clock_doubts (from_ms, until_ms) VALUES (?, ?)').run(from, until);
  }

  /** Whether it was doubted at any time from `from` on and before `until`. */
  during(from: number, until: number): boolean {
    return this.#during.get(until, from) !== undefined;
  }
}
