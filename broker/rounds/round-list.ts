/**
 * Rounds as operators see them, read off the tables: how far each has come.
 */
import { toHex } from '../protocol/hex.ts';
import { decodeSigned } from '../protocol/message.ts';
import { Announce } from '../protocol/messages.ts';
import type { RoundRow } from '../protocol/operator.ts';
import type { Database } from '../store/database.ts';
import { Statements } from '../store/statements.ts';

/** More are not listed. */
const longestList = 500;

/**
 * SQL: JSON of what homes have said in a row of `rounds`, in numbers; answers are those for the set in force. Stored with
 * the result once the rows that are counted are forgotten.
 */
export const countsOfRound = `
  json_object(
    'reports', (SELECT count(*) FROM reports r WHERE r.round = rounds.round),
    'answers', (SELECT count(*) FROM answers a WHERE a.round = rounds.round AND a.contributor_set =
      (SELECT hash FROM contributor_sets s WHERE s.round = rounds.round ORDER BY number DESC LIMIT 1)),
    'declined', (SELECT json_group_object(reason, homes) FROM
      (SELECT reason, count(*) AS homes FROM declines d WHERE d.round = rounds.round GROUP BY reason)))`;

export class RoundList {
  readonly #statements: Statements;

  constructor(database: Database) {
    this.#statements = new Statements(database);
  }

  row(round: string): RoundRow | undefined {
    return this.#rows('WHERE round = ?', [round])[0];
  }

  /** Whether of what single homes said only numbers are left. */
  isForgotten(round: string): boolean {
    const counts = this.#statements.of('SELECT counts FROM results WHERE round = ?').pluck().get(round);
    return typeof counts === 'string';
  }

  /** Newest first. */
  rows(cohort?: string): RoundRow[] {
    return cohort === undefined ? this.#rows('', []) : this.#rows('WHERE cohort = ?', [cohort]);
  }

  #rows(where: string, values: readonly string[]): RoundRow[] {
    const rows = this.#statements
      .of(
        `SELECT round, cohort, announce, members, announced_at_ms, results.state, results.reason,
           json_extract(results.signed, '$.checked') AS checked,
           json_array_length(results.signed, '$.inconsistent') AS inconsistent,
           EXISTS (SELECT 1 FROM contributor_sets s WHERE s.round = rounds.round) AS fixed,
           coalesce(results.counts, ${countsOfRound}) AS counts
         FROM rounds LEFT JOIN results USING (round) ${where}
         ORDER BY announced_at_ms DESC, rounds.rowid DESC LIMIT ${longestList}`,
      )
      .all(...values) as RowColumns[];
    return rows.map(rowOf);
  }
}

interface RowColumns {
  readonly round: string;
  readonly cohort: string;
  readonly announce: Buffer;
  readonly members: number;
  readonly announced_at_ms: number;
  readonly state: 'opened' | 'failed' | null;
  readonly reason: string | null;
  readonly checked: 0 | 1 | null;
  readonly inconsistent: number | null;
  readonly fixed: 0 | 1;
  /** JSON of `Counts`. */
  readonly counts: string;
}

type Counts = Pick<RoundRow, 'reports' | 'answers' | 'declined'>;

function rowOf(columns: RowColumns): RoundRow {
  const { reports, declined, answers } = JSON.parse(columns.counts) as Counts;
  const announce = Announce.decode(decodeSigned(columns.announce, Announce.type).payload);
  return {
    round: toHex(announce.id),
    cohort: columns.cohort,
    state: columns.state ?? (columns.fixed === 1 ? 'opening' : 'collecting'),
    query: announce.query,
    ...announce.grid,
    openedAt: columns.announced_at_ms,
    deadline: announce.deadline,
    expiry: announce.expiry,
    minimum: announce.minimum,
    statistics: announce.statistics,
    members: columns.members,
    reports,
    declined,
    answers,
    needed: columns.members - announce.dropouts,
    ...(columns.reason !== null && { reason: columns.reason }),
    ...(columns.checked !== null && { checked: columns.checked === 1 }),
    ...(columns.inconsistent !== null && { inconsistent: columns.inconsistent }),
  };
}
