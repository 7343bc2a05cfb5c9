/**
 * What the rounds of a cohort have asked for and of whom, read off the tables.
 */
import { decodeSigned } from '../protocol/message.ts';
import { Announce, MemberList, Roster } from '../protocol/messages.ts';
import type { RoundRequest } from '../protocol/operator.ts';
import type { Database } from '../store/database.ts';
import { longestWaitMs } from './plan-times.ts';
import { clashes, type EarlierRound } from './spent.ts';

export function earlierRounds(database: Database, request: RoundRequest): EarlierRound[] {
  const rows = database
    .prepare(
      `SELECT round, announce, matching, roster, round IN (SELECT round FROM results) AS ended
       FROM rounds WHERE cohort = ? AND announced_at_ms > ?`,
    )
    // No grid ends later than so long after its announcement.
    .all(request.cohort, request.from - longestWaitMs) as Columns[];
  return rows
    .filter(({ announce }) => clashes(request, Announce.decode(decodeSigned(announce, Announce.type).payload)))
    .map((row) => ({ round: row.round, homes: homesOf(database, row) }));
}

function homesOf(database: Database, { round, matching, roster, ended }: Columns): string[] {
  const homesIn = (table: 'reports' | 'declines') =>
    database.prepare(`SELECT home FROM ${table} WHERE round = ?`).pluck().all(round) as number[];
  const homes = new Set(ended === 1 ? [] : (JSON.parse(matching) as number[]));
  for (const home of homesIn('declines')) homes.delete(home);
  for (const home of homesIn('reports')) homes.add(home);
  const signed = database.prepare('SELECT signed FROM rosters WHERE hash = ?').pluck().get(roster) as Buffer;
  const ids = homeIdsOf(signed);
  return [...homes].map((index) => ids[index - 1] ?? '');
}

interface Columns {
  readonly round: string;
  readonly announce: Buffer;
  readonly matching: string;
  readonly roster: Buffer;
  readonly ended: 0 | 1;
}

/** In roster order. It is our own: nothing is checked again. */
function homeIdsOf(signed: Uint8Array): readonly string[] {
  const { members } = Roster.decode(decodeSigned(signed, Roster.type).payload);
  return MemberList.decode(decodeSigned(members, MemberList.type).payload).homes;
}
