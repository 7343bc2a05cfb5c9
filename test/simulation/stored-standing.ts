/** How far a round had come by what a killed coordinator left on its disk. */
import Sqlite from 'better-sqlite3';
import { decodeSigned } from '../../broker/protocol/message.ts';
import { Announce } from '../../broker/protocol/messages.ts';

/** @param from beginning of the round's first slot, by which it is found */
export function standsAt(databasePath: string, from: number): string {
  const database = new Sqlite(databasePath, { readonly: true });
  try {
    const rows = database
      .prepare(
        `SELECT announce, (SELECT count(*) FROM reports r WHERE r.round = rounds.round) AS reports,
           (SELECT count(*) FROM answers a WHERE a.round = rounds.round) AS answers,
           (SELECT wave FROM contributor_sets s WHERE s.round = rounds.round ORDER BY number DESC LIMIT 1) AS wave,
           (SELECT count(*) FROM contributor_sets s WHERE s.round = rounds.round) AS sets,
           EXISTS (SELECT 1 FROM results WHERE results.round = rounds.round) AS ended
         FROM rounds ORDER BY rowid DESC`,
      )
      .all() as Row[];
    const row = rows.find(({ announce }) => fromOf(announce) === from);
    if (row === undefined) return 'nothing of the round is stored';
    if (row.ended === 1) return 'the round is over';
    if (row.wave === null) return row.reports === 0 ? 'no report is there' : 'reports come';
    if (row.wave !== '[]') return 'the first are asked';
    if (row.answers > 0) return 'answers come';
    return row.sets > 1 ? 'all are asked for a second set' : 'all are asked';
  } finally {
    database.close();
  }
}

interface Row {
  readonly announce: Buffer;
  readonly reports: number;
  readonly answers: number;
  /** Of the set in force; null while there is none. */
  readonly wave: string | null;
  readonly sets: number;
  readonly ended: 0 | 1;
}

function fromOf(announce: Uint8Array): number {
  return Announce.decode(decodeSigned(announce, Announce.type).payload).grid.from;
}
