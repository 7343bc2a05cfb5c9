/**
 * A simulated home: the real machine and its real shell over a disk that is a few maps. What the inbox verifies is
 * left out, signatures and rosters were checked when the street was made; what it decides is here.
 */
import type { HomeFacts } from '../../agent/policy/assess-round.ts';
import type { Cell } from '../../agent/policy/check-cells.ts';
import type { Seat } from '../../agent/policy/judge-announcement.ts';
import type { OwnTensor } from '../../agent/policy/own-tensor.ts';
import { refusal } from '../../agent/policy/refusals.ts';
import { takeUp } from '../../agent/rounds/participant.ts';
import type { AnswerGiven, Release } from '../../agent/rounds/participant-event.ts';
import { type HomeTopic, ParticipantShell } from '../../agent/rounds/participant-shell.ts';
import type { Coverage, SizedGrid, Slots, TensorName, TensorStore, UnitOf } from '../../agent/tensors/tensor.ts';
import type { Clock } from '../../broker/protocol/clock.ts';
import { sameBytes } from '../../broker/protocol/hex.ts';
import type { Round } from '../../broker/protocol/round.ts';
import { Power } from './power.ts';

/** What a power cut leaves. */
export interface HomeDisk {
  readonly bound: Map<string, Round>;
  readonly reports: Map<string, Release>;
  readonly answers: Map<string, AnswerGiven>;
  readonly over: Set<string>;
  readonly spent: (Cell & { readonly round: string })[];
}

export interface HomeParts {
  readonly seat: Seat;
  readonly clock: Clock;
  readonly tensors: readonly OwnTensor[];
  readonly reading: (tensor: string, from: number) => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly send: (topic: HomeTopic, round: string, payload: Uint8Array) => void;
}

export class SimulatedHome {
  readonly disk: HomeDisk = { bound: new Map(), reports: new Map(), answers: new Map(), over: new Set(), spent: [] };
  readonly index: number;
  readonly power: Power;
  sharing = true;
  readonly #parts: HomeParts;
  #shell: ParticipantShell;

  constructor(parts: HomeParts) {
    this.#parts = parts;
    this.index = parts.seat.own;
    this.power = new Power(`home ${this.index}`);
    this.#shell = this.#start();
  }

  /** As after a power cut: what was in memory is gone. */
  restart(): void {
    this.#shell.close();
    this.power.up = true;
    this.#shell = this.#start();
  }

  /** @param round undefined where the announcement was cleared */
  announced(id: string, round: Round | undefined): void {
    if (round === undefined) this.#shell.drop(id);
    if (round === undefined || this.#isOver(id, round)) return;
    this.#takeUp(id);
    const { seat, clock } = this.#parts;
    const bound = this.disk.bound.get(id) ?? round;
    const verdict = sameBytes(bound.hash, round.hash)
      ? ({ verdict: 'accepted', round: bound, seat } as const)
      : ({ verdict: 'refused', refusal: refusal('ROUND_ID_BOUND') } as const);
    const now = clock.now();
    void this.#shell.run(id, { type: 'announced', now, signed: round.signed, verdict, facts: this.#facts() });
  }

  asked(id: string, open: Uint8Array): void {
    const bound = this.disk.bound.get(id);
    if (this.#isOver(id, bound)) return;
    this.#takeUp(id);
    void this.#shell.run(id, { type: 'asked', now: this.#parts.clock.now(), open });
  }

  resulted(id: string): void {
    if (!this.disk.bound.has(id)) return;
    this.power.effect();
    this.disk.over.add(id);
    this.power.effect();
    if (this.#shell.participants.has(id)) void this.#shell.run(id, { type: 'over', now: this.#parts.clock.now() });
  }

  reconsider(): void {
    const rounds = [...this.#shell.participants].filter(([, now]) => now.state === 'takingPart');
    const event = { type: 'reconsider', now: this.#parts.clock.now(), facts: this.#facts() } as const;
    for (const [id] of rounds) void this.#shell.run(id, event);
  }

  #takeUp(id: string): void {
    const round = this.disk.bound.get(id);
    if (round === undefined || this.#shell.participants.get(id)?.state === 'takingPart') return;
    const answer = this.disk.answers.get(id);
    const kept = {
      report: this.disk.reports.get(id)?.report,
      answer: answer && { setHash: answer.setHash, bytes: answer.answer, contributes: answer.contributes },
    };
    void this.#shell.step(id, ...takeUp(round, this.#parts.seat, kept));
  }

  #isOver(id: string, round: Round | undefined): boolean {
    return this.disk.over.has(id) || (round !== undefined && this.#parts.clock.now() >= round.announce.expiry);
  }

  #facts(): HomeFacts {
    const policy = {
      minContributors: 2,
      shortestSlotMs: 900_000,
      collusionDivisor: Number.POSITIVE_INFINITY,
      mostHomes: 2500,
      histogram: false,
    };
    return { sharing: this.sharing, policy, tensors: this.#parts.tensors, spentUntil: Number.NEGATIVE_INFINITY };
  }

  #start(): ParticipantShell {
    const { clock, random, send, reading } = this.#parts;
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
        this.power.effect();
        send(topic, round, payload);
        return sent;
      },
      fetchRoster: () => sent,
      noteClipped: () => undefined,
    });
  }

  #store() {
    const { disk, power } = this;
    const write = (work: () => void) => {
      power.effect();
      work();
      power.effect();
    };
    return {
      bind: (round: Round) => write(() => void (disk.bound.has(round.id) || disk.bound.set(round.id, round))),
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
