/**
 * Takes back what was retained for rounds that have ended, until the broker has acknowledged it, and once more at a new
 * connection where that was lately: a broker may come back with what it held an hour ago.
 */
import type { Link } from '../mqtt/link.ts';
import type { Clock } from '../protocol/clock.ts';
import { topicOf } from '../protocol/topics.ts';
import type { Database } from '../store/database.ts';
import { Statements } from '../store/statements.ts';
import { clearedLately } from './cleared-lately.ts';
import { publishRetained } from './retained.ts';

export interface EndedRoundsParts {
  readonly database: Database;
  readonly link: Link;
  readonly clock: Clock;
  /** By index, of any roster that was published. */
  readonly homeIds: (roster: Uint8Array) => readonly string[];
}

interface EndedRound {
  readonly cohort: string;
  readonly roster: Uint8Array;
  /** Whether a set was fixed: before that nothing is asked of a member. */
  readonly asked: 0 | 1;
}

export class EndedRounds {
  readonly #parts: EndedRoundsParts;
  readonly #statements: Statements;

  constructor(parts: EndedRoundsParts) {
    this.#parts = parts;
    this.#statements = new Statements(parts.database);
  }

  /** For a new connection. */
  async clear(): Promise<void> {
    for (const round of this.#toClear()) if (await this.#clear(round)) this.markCleared(round);
  }

  markCleared(round: string): void {
    const sql = 'UPDATE rounds SET cleared = 1, cleared_at_ms = ? WHERE round = ? AND cleared = 0';
    this.#statements.of(sql).run(this.#parts.clock.now(), round);
  }

  #toClear(): string[] {
    return this.#statements
      .of(
        `SELECT round FROM rounds WHERE cleared = 0 AND round IN (SELECT round FROM results)
         UNION ALL SELECT round FROM rounds WHERE ${clearedLately('rounds')}`,
      )
      .pluck()
      .all() as string[];
  }

  #clear(round: string): Promise<boolean> {
    const { link, homeIds } = this.#parts;
    const { cohort, roster, asked } = this.#find(round);
    const requests = asked === 1 ? homeIds(roster).map((home) => topicOf(link.prefix, 'open', { home, round })) : [];
    const topics = [topicOf(link.prefix, 'round', { cohort, round }), ...requests];
    return publishRetained(
      link,
      topics.map((topic) => ({ topic, payload: () => '' })),
    );
  }

  #find(round: string): EndedRound {
    const sql = `SELECT cohort, roster, EXISTS (SELECT 1 FROM contributor_sets s WHERE s.round = rounds.round) AS asked
                 FROM rounds WHERE round = ?`;
    return this.#statements.of(sql).get(round) as EndedRound;
  }
}
