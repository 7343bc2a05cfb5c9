/**
 * A simulated home in its rounds: the real machine and its real shell over a disk that is a few maps. What the inbox
 * verifies is left out, signatures and rosters were checked when the street was made; what it decides is here.
 */
import type { HomeFacts } from '../../agent/policy/assess-round.ts';
import type { Cell } from '../../agent/policy/check-cells.ts';
import type { Verdict } from '../../agent/policy/judge-announcement.ts';
import type { OwnTensor } from '../../agent/policy/own-tensor.ts';
import { RefusedError, refusal } from '../../agent/policy/refusals.ts';
import { takeUp } from '../../agent/rounds/participant.ts';
import type { AnswerGiven, Release } from '../../agent/rounds/participant-event.ts';
import { type HomeTopic, ParticipantShell } from '../../agent/rounds/participant-shell.ts';
import type { Seats } from '../../agent/rounds/seats.ts';
import type { Coverage, SizedGrid, Slots, TensorName, TensorStore, UnitOf } from '../../agent/tensors/tensor.ts';
import type { Clock } from '../../broker/protocol/clock.ts';
import { ProtocolError } from '../../broker/protocol/errors.ts';
import { sameBytes, toHex } from '../../broker/protocol/hex.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import type { Round } from '../../broker/protocol/round.ts';
import type { Power } from './power.ts';

/** What a power cut leaves. */
export interface HomeDisk {
  readonly bound: Map<string, Round>;
  readonly reports: Map<string, Release>;
  readonly answers: Map<string, AnswerGiven>;
  readonly over: Set<string>;
  readonly spent: (Cell & { readonly round: string })[];
  /** What began before counts as released: the disk is an older copy. */
  spentUntil: number;
}

export interface HomeParts {
  readonly disk: HomeDisk;
  readonly power: Power;
  readonly seats: Pick<Seats, 'held' | 'seat' | 'accept'>;
  /** As the id is bound. */
  readonly onBound: (round: Round) => void;
  readonly clock: Clock;
  readonly tensors: readonly OwnTensor[];
  readonly reading: (tensor: string, from: number) => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly send: (topic: HomeTopic, round: string, payload: Uint8Array) => void;
  readonly fetchRoster: (hash: string) => void;
}

export class SimulatedHome {
  sharing = true;
  readonly #parts: HomeParts;
  readonly #shell: ParticipantShell;
  /** As received, for rounds whose roster is awaited. */
  readonly #awaiting = new Map<string, Round>();

  constructor(parts: HomeParts) {
    this.#parts = parts;
    this.#shell = this.#start();
  }

  /** As by a power cut: what was in memory is gone. */
  close(): void {
    this.#shell.close();
  }

  /** @param round undefined where the announcement was cleared */
  announced(id: string, round: Round | undefined): void {
    if (round === undefined) this.#shell.drop(id);
    if (round === undefined || this.#isOver(id, round)) return;
    this.#takeUp(id);
    this.#announce(id, round);
  }

  rosterCame(roster: AcceptedRoster): void {
    const hash = toHex(roster.hash);
    const waiting = [...this.#shell.participants].flatMap(([id, now]) =>
      now.state === 'rosterWanted' && now.roster === hash ? [id] : [],
    );
    if (waiting.length === 0) return;
    try {
      // Its hash stands for its signed bytes.
      this.#parts.seats.accept(roster.hash, hash, this.#parts.clock.now());
    } catch (error) {
      if (!(error instanceof RefusedError || error instanceof ProtocolError)) throw error;
      for (const id of waiting) this.#shell.drop(id);
      return;
    }
    for (const id of waiting) this.#announce(id, this.#awaiting.get(id) as Round);
  }

  asked(id: string, open: Uint8Array): void {
    if (this.#isOver(id, this.#parts.disk.bound.get(id))) return;
    this.#takeUp(id);
    void this.#shell.run(id, { type: 'asked', now: this.#parts.clock.now(), open });
  }

  resulted(id: string): void {
    const { disk, power } = this.#parts;
    if (!disk.bound.has(id)) return;
    power.effect();
    disk.over.add(id);
    power.effect();
    if (this.#shell.participants.has(id)) void this.#shell.run(id, { type: 'over', now: this.#parts.clock.now() });
  }

  reconsider(): void {
    const rounds = [...this.#shell.participants].filter(([, now]) => now.state === 'takingPart');
    const event = { type: 'reconsider', now: this.#parts.clock.now(), facts: this.#facts() } as const;
    for (const [id] of rounds) void this.#shell.run(id, event);
  }

  #announce(id: string, round: Round): void {
    const verdict = this.#judge(id, round);
    if (verdict.verdict === 'roster wanted') this.#awaiting.set(id, round);
    const now = this.#parts.clock.now();
    void this.#shell.run(id, { type: 'announced', now, signed: round.signed, verdict, facts: this.#facts() });
  }

  #judge(id: string, round: Round): Verdict {
    const { disk, seats, clock } = this.#parts;
    const now = this.#shell.participants.get(id);
    if (now?.state === 'takingPart' && sameBytes(now.round.hash, round.hash)) {
      return { verdict: 'accepted', round: now.round, seat: now.seat };
    }
    try {
      const seat = seats.seat(toHex(round.roster.hash), clock.now());
      if (seat === undefined) return { verdict: 'roster wanted', roster: toHex(round.roster.hash) };
      const bound = disk.bound.get(id) ?? round;
      if (sameBytes(bound.hash, round.hash)) return { verdict: 'accepted', round: bound, seat };
      return { verdict: 'refused', refusal: refusal('ROUND_ID_BOUND') };
    } catch (error) {
      if (error instanceof RefusedError) return { verdict: 'refused', refusal: error.refusal };
      throw error;
    }
  }

  #takeUp(id: string): void {
    const { disk, seats } = this.#parts;
    const round = disk.bound.get(id);
    if (round === undefined || this.#shell.participants.get(id)?.state === 'takingPart') return;
    const seat = seats.held(toHex(round.roster.hash));
    if (seat === undefined) return;
    const answer = disk.answers.get(id);
    const kept = {
      report: disk.reports.get(id)?.report,
      answer: answer && { setHash: answer.setHash, bytes: answer.answer, contributes: answer.contributes },
    };
    void this.#shell.step(id, ...takeUp(round, seat, kept));
  }

  #isOver(id: string, round: Round | undefined): boolean {
    const { disk, clock } = this.#parts;
    return disk.over.has(id) || (round !== undefined && clock.now() >= round.announce.expiry);
  }

  #facts(): HomeFacts {
    const policy = {
      minContributors: 2,
      shortestSlotMs: 900_000,
      collusionDivisor: Number.POSITIVE_INFINITY,
      mostHomes: 2500,
      histogram: false,
    };
    const { tensors, disk } = this.#parts;
    return { sharing: this.sharing, policy, tensors, spentUntil: disk.spentUntil };
  }

  #start(): ParticipantShell {
    const { clock, random, send, reading, power, fetchRoster } = this.#parts;
    const slots: TensorStore['slots'] = <Q extends string, Count extends number>(
      { id }: TensorName<Q>,
      grid: SizedGrid<Count>,
    ): Slots<UnitOf<Q>, Count> => ({
      dtype: 'float64',
      shape: [grid.slots],
      unit: 'Wh' as UnitOf<Q>,
      derived: false,
      values: Float64Array.from({ length: grid.slots }, (_, slot) => reading(id, grid.from + slot * grid.step)),
      coverage: new Array<Coverage>(grid.slots).fill('covered'),
    });
    return new ParticipantShell({
      store: this.#store(),
      refusals: { note: () => undefined },
      tensors: { slots },
      facts: () => this.#facts(),
      clock,
      random,
      publish: (topic, round, payload) => {
        power.effect();
        send(topic, round, payload);
        return sent;
      },
      fetchRoster: (hash) => {
        power.effect();
        fetchRoster(hash);
        return sent;
      },
      noteClipped: () => undefined,
    });
  }

  #store() {
    const { disk, power, onBound } = this.#parts;
    const write = (work: () => void) => {
      power.effect();
      work();
      power.effect();
    };
    return {
      bind: (round: Round) =>
        write(() => {
          if (!disk.bound.has(round.id)) disk.bound.set(round.id, round);
          onBound(round);
        }),
      spentIn: (cells: readonly Cell[]) => disk.spent.find((one) => cells.some((cell) => overlap(one, cell)))?.round,
      keepReport: (round: Round, release: Release) =>
        write(() => {
          once(disk.reports, round.id, release);
          disk.spent.push(...release.cells.map((cell) => ({ ...cell, round: round.id })));
        }),
      keepAnswer: (round: Round, given: AnswerGiven) => write(() => once(disk.answers, round.id, given)),
    };
  }
}

export function emptyDisk(): HomeDisk {
  const rounds = { bound: new Map(), reports: new Map(), answers: new Map(), over: new Set<string>() };
  return { ...rounds, spent: [], spentUntil: Number.NEGATIVE_INFINITY };
}

const sent = Promise.resolve();

export function overlap(one: Cell, other: Cell): boolean {
  if (one.device !== other.device || one.family !== other.family) return false;
  return one.from < other.until && other.from < one.until;
}

/** The tables have a primary key. */
function once<Row>(table: Map<string, Row>, key: string, row: Row): void {
  if (table.has(key)) throw new Error(`${key} is stored a second time`);
  table.set(key, row);
}
