/**
 * What the broker brings a home about rounds: rosters, announcements, open requests, results. Each is judged here and
 * handed to the round's machine. A round that the disk knows is taken up where it stood.
 */
import type { Clock } from '../../broker/protocol/clock.ts';
import { sameBytes, toHex } from '../../broker/protocol/hex.ts';
import { Result } from '../../broker/protocol/json-messages.ts';
import { checkAnnounce, hashOfAnnounce } from '../../broker/protocol/round.ts';
import { readSignedJson } from '../../broker/protocol/signed-json.ts';
import type { HomeFacts } from '../policy/assess-round.ts';
import { judgeAnnouncement, type Verdict } from '../policy/judge-announcement.ts';
import { RefusedError, refusal } from '../policy/refusals.ts';
import type { RoundStore, StoredRound } from '../store/round-store.ts';
import { takeUp } from './participant.ts';
import type { ParticipantShell, Sent } from './participant-shell.ts';
import type { RefusalLog } from './refusal-log.ts';
import type { Seats } from './seats.ts';

export interface InboxParts {
  readonly cohort: string;
  /** Pinned Ed25519 public key. */
  readonly coordinator: Uint8Array;
  readonly seats: Seats;
  readonly store: RoundStore;
  readonly shell: ParticipantShell;
  readonly refusals: RefusalLog;
  readonly facts: () => HomeFacts;
  readonly clock: Clock;
}

/** Rounds held at a time, and open requests for rounds that were not announced. */
const mostRounds = 1000;
const mostEarly = 16;

/** Payloads are as received; round ids and hashes are those of the topic, in hex. */
export class RoundInbox {
  readonly #parts: InboxParts;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  /** An empty payload: the announcement was cleared, nothing is asked any more. */
  async announced(round: string, payload: Uint8Array): Promise<void> {
    const { shell, store, refusals } = this.#parts;
    if (payload.length === 0) return shell.drop(round);
    const stored = store.round(round);
    if (stored !== undefined && this.#isOver(stored)) return this.#announcedAgain(round, payload, stored);
    if (!shell.participants.has(round) && shell.participants.size >= mostRounds) {
      return refusals.note(refusal('ROUNDS_TOO_MANY', { most: mostRounds }), { message: 'announcement' });
    }
    await Promise.all([...this.#takeUp(round, stored), ...this.#announce(round, payload, stored)]);
  }

  /** An empty payload: the request was cleared, the coordinator has the answer. */
  async asked(round: string, payload: Uint8Array): Promise<void> {
    const { shell, store, refusals, clock } = this.#parts;
    const stored = store.round(round);
    if (payload.length === 0 || (stored !== undefined && this.#isOver(stored))) return;
    const sent = this.#takeUp(round, stored);
    const { state } = shell.participants.get(round) ?? {};
    if (state !== 'takingPart' && this.#countEarly(round) >= mostEarly) {
      // Rightly asked, of many rounds at once: the requests come again when the roster is here.
      if (state === 'rosterWanted') return;
      return refusals.note(refusal('EARLY_REQUESTS_TOO_MANY'), { message: 'open request' });
    }
    await Promise.all([...sent, ...shell.run(round, { type: 'asked', now: clock.now(), open: payload })]);
  }

  async rosterCame(hash: string, payload: Uint8Array): Promise<void> {
    const { seats, shell, store, refusals, clock } = this.#parts;
    const waiting = [...shell.participants].flatMap(([round, now]) =>
      now.state === 'rosterWanted' && now.roster === hash ? [{ round, signed: now.signed }] : [],
    );
    if (payload.length === 0 || waiting.length === 0) return;
    try {
      seats.accept(payload, hash, clock.now());
    } catch (error) {
      // The announcements come again at the next connect, and may find a better roster then.
      for (const { round } of waiting) shell.drop(round);
      return refusals.noteError(error, 'roster', { roster: hash, message: 'roster' });
    }
    await Promise.all(waiting.flatMap(({ round, signed }) => this.#announce(round, signed, store.round(round))));
  }

  async resulted(round: string, payload: Uint8Array): Promise<void> {
    const { store, shell, refusals, coordinator, clock } = this.#parts;
    const stored = store.round(round);
    if (payload.length === 0 || stored === undefined || stored.over) return;
    try {
      const result = readSignedJson(Result, 'result', coordinator, payload, 'the coordinator');
      if (result.round !== round || result.hash !== stored.hash) {
        throw new RefusedError(refusal('RESULT_OTHER_ROUND'));
      }
    } catch (error) {
      return refusals.noteError(error, 'result', { round, message: 'result' });
    }
    store.keepResult(round, Buffer.from(payload).toString('utf8'), clock.now());
    if (shell.participants.has(round)) await Promise.all(shell.run(round, { type: 'over', now: clock.now() }));
  }

  /** What the home has or allows is another. */
  async reconsider(): Promise<void> {
    const { shell, clock, facts } = this.#parts;
    const rounds = [...shell.participants].filter(([, now]) => now.state === 'takingPart');
    if (rounds.length === 0) return;
    const event = { type: 'reconsider', now: clock.now(), facts: facts() } as const;
    await Promise.all(rounds.flatMap(([round]) => shell.run(round, event)));
  }

  #announce(round: string, signed: Uint8Array, stored: StoredRound | undefined): Sent {
    const { shell, clock, facts } = this.#parts;
    const verdict = this.#judge(round, signed, stored);
    return shell.run(round, { type: 'announced', now: clock.now(), signed, verdict, facts: facts() });
  }

  #judge(round: string, signed: Uint8Array, stored: StoredRound | undefined): Verdict {
    const now = this.#parts.shell.participants.get(round);
    // Retained announcements come again at every connect: no need to verify the same bytes twice.
    if (now?.state === 'takingPart' && sameBytes(now.round.signed, signed)) {
      return { verdict: 'accepted', round: now.round, seat: now.seat };
    }
    const { coordinator, cohort, clock, seats, facts } = this.#parts;
    return judgeAnnouncement(signed, {
      coordinator,
      cohort,
      now: clock.now(),
      collusionDivisor: facts().policy.collusionDivisor,
      seat: (hash) => seats.seat(hash, clock.now()),
      topicRound: round,
      bound: stored?.hash,
    });
  }

  /** After a restart, when a round is next heard of. */
  #takeUp(id: string, stored: StoredRound | undefined): Sent {
    const { shell, seats, coordinator, cohort } = this.#parts;
    if (stored === undefined || shell.participants.get(id)?.state === 'takingPart') return [];
    const seat = seats.held(stored.roster);
    if (seat === undefined) return [];
    // It passed when it came; what the policy says since does not undo that.
    const accepted = { coordinator, cohort, now: stored.acceptedAt, collusionDivisor: Number.POSITIVE_INFINITY };
    const round = checkAnnounce(stored.signed, { ...accepted, roster: () => seat.roster });
    return shell.step(id, ...takeUp(round, seat, stored));
  }

  #isOver({ over, forgotten, expiry }: StoredRound): boolean {
    return over || forgotten || this.#parts.clock.now() >= expiry;
  }

  /** What is over is left alone; but its id never stands for another round. */
  #announcedAgain(round: string, signed: Uint8Array, { hash }: StoredRound): void {
    const { refusals, coordinator } = this.#parts;
    try {
      if (toHex(hashOfAnnounce(signed, coordinator)) !== hash) throw new RefusedError(refusal('ROUND_ID_BOUND'));
    } catch (error) {
      refusals.noteError(error, 'round', { round, message: 'announcement' });
    }
  }

  /** Other rounds with an open request in hand that was not looked into. */
  #countEarly(except: string): number {
    return [...this.#parts.shell.participants].filter(
      ([round, now]) => round !== except && 'early' in now && now.early !== undefined,
    ).length;
  }
}
