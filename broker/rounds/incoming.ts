/**
 * What homes send about a round, read and checked, as events of the round's machine. Pure.
 */
import { hash } from 'node:crypto';
import { readAnswer, readComplaint } from '../protocol/answer.ts';
import { decodeReport, readDecline } from '../protocol/report.ts';
import type { RosterHome } from '../protocol/roster.ts';
import type { Round } from '../protocol/round.ts';
import type { Coordinator, CoordinatorEvent } from './round-states.ts';

export const homeMessages = ['report', 'decline', 'answer', 'complaint'] as const;
export type HomeMessage = (typeof homeMessages)[number];

/**
 * @returns undefined for what is about a set when there is none
 * @throws {ProtocolError} REPORT_REFUSED, ANSWER_REFUSED, MESSAGE_*
 */
export function eventOf(
  round: Round,
  now: Coordinator,
  { name, home, payload }: { name: HomeMessage; home: RosterHome; payload: Uint8Array },
): CoordinatorEvent | undefined {
  const { id, index } = home;
  switch (name) {
    case 'report': {
      const { salt } = decodeReport(round, payload, id);
      const digest = hash('sha256', payload, 'buffer');
      // What is kept is copied: a view would keep the whole report in memory.
      return { type: 'report', home: index, salt: Uint8Array.from(salt), digest, bytes: payload };
    }
    case 'decline':
      return { type: 'decline', home: index, reason: readDecline(round, payload, id) };
    case 'answer': {
      if (now.state !== 'opening') return undefined;
      const sums = readAnswer(round, now.set.hash, payload, id);
      return { type: 'answer', home: index, sums: Uint8Array.from(sums) };
    }
    case 'complaint': {
      if (now.state !== 'opening') return undefined;
      return { type: 'complaint', home: index, contributor: readComplaint(round, now.set, payload, id) };
    }
  }
}
