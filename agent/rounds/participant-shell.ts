/**
 * Holds the machine of each open round and carries out what it wants: disk, broker, clock, randomness.
 * All work of an event is done before the next one's; only publishing goes on by itself.
 */
import type { Clock, EpochMs } from '../../broker/protocol/clock.ts';
import { drawResidues } from '../../broker/protocol/sharing.ts';
import type { HomeFacts } from '../policy/assess-round.ts';
import { cellsOf } from '../policy/check-cells.ts';
import type { OwnTensor } from '../policy/own-tensor.ts';
import type { RoundStore } from '../store/round-store.ts';
import type { TensorStore } from '../tensors/tensor.ts';
import { type Participant, participate, unannounced } from './participant.ts';
import type { Effect, ParticipantEvent } from './participant-event.ts';
import type { RefusalLog } from './refusal-log.ts';

export type HomeTopic = Extract<Effect, { type: 'publish' }>['topic'];

export interface ShellParts {
  readonly store: Pick<RoundStore, 'bind' | 'spentIn' | 'keepReport' | 'keepAnswer'>;
  readonly refusals: Pick<RefusalLog, 'note'>;
  readonly tensors: Pick<TensorStore, 'slots'>;
  readonly facts: () => HomeFacts;
  readonly clock: Clock;
  /** The system's random source. */
  readonly random: (bytes: number) => Uint8Array;
  /** Publishes in this home's part of a round. Resolves when the broker has it or the connection is lost. */
  readonly publish: (topic: HomeTopic, round: string, payload: Uint8Array) => Promise<void>;
  /** Asks the broker for a roster. */
  readonly fetchRoster: (hash: string) => Promise<void>;
  readonly noteClipped: (round: string, tensors: readonly string[]) => void;
}

/** What an event has led to publish: done when all of it is on its way. */
export type Sent = Promise<void>[];

export class ParticipantShell {
  readonly #parts: ShellParts;
  readonly #participants = new Map<string, Participant>();
  readonly #wakes = new Map<string, Set<() => void>>();

  constructor(parts: ShellParts) {
    this.#parts = parts;
  }

  /** By round id. */
  get participants(): ReadonlyMap<string, Participant> {
    return this.#participants;
  }

  run(round: string, event: ParticipantEvent): Sent {
    return this.step(round, ...participate(this.#participants.get(round) ?? unannounced, event));
  }

  /**
   * Puts a machine into a state and does what comes with it, and what follows from that.
   * @throws what kept an effect from being carried out; the round is dropped then, as by a power cut: the disk knows
   */
  step(round: string, participant: Participant, effects: readonly Effect[]): Sent {
    const sent: Sent = [];
    const replies: ParticipantEvent[] = [];
    try {
      let now = participant;
      let todo = effects;
      for (;;) {
        this.#participants.set(round, now);
        for (const effect of todo) this.#carryOut(round, effect, replies, sent);
        const reply = replies.shift();
        if (reply === undefined) break;
        [now, todo] = participate(now, reply);
      }
      const empty = now.state === 'unannounced' && now.early === undefined;
      if (empty || now.state === 'over') this.drop(round);
    } catch (error) {
      this.drop(round);
      throw error;
    }
    return sent;
  }

  /** Forgets a round in memory; what is on disk stays. */
  drop(round: string): void {
    this.#participants.delete(round);
    for (const callOff of this.#wakes.get(round) ?? []) callOff();
    this.#wakes.delete(round);
  }

  close(): void {
    for (const round of [...this.#participants.keys()]) this.drop(round);
  }

  #carryOut(id: string, effect: Effect, replies: ParticipantEvent[], sent: Sent): void {
    const { store, refusals, clock, publish, fetchRoster, noteClipped } = this.#parts;
    const now = clock.now();
    switch (effect.type) {
      case 'bindRound':
        store.bind(effect.round, now);
        break;
      case 'fetchRoster':
        sent.push(fetchRoster(effect.roster));
        break;
      case 'readSlots':
        replies.push(this.#readSlots(effect, now));
        break;
      case 'storeReport':
        store.keepReport(effect.round, effect.release, now);
        replies.push({ type: 'reportStored', now });
        break;
      case 'storeAnswer':
        store.keepAnswer(effect.round, effect.given, now);
        replies.push({ type: 'answerStored', now });
        break;
      case 'writeRefusal':
        refusals.note(effect.refusal, { round: id, announce: effect.announce });
        break;
      case 'publish':
        sent.push(publish(effect.topic, id, effect.payload));
        break;
      case 'noteClipped':
        noteClipped(id, effect.tensors);
        break;
      case 'wake':
        this.#wake(id, effect.at);
        break;
    }
  }

  #readSlots({ round, tensors }: Extract<Effect, { type: 'readSlots' }>, now: EpochMs): ParticipantEvent {
    const { store, random } = this.#parts;
    const { grid } = round.announce;
    const spentIn = store.spentIn(cellsOf(grid, tensors));
    const read = (tensor: OwnTensor) => {
      const { values, coverage } = this.#parts.tensors.slots(tensor, grid);
      return { tensor, values, coverage };
    };
    const slots = spentIn === undefined ? tensors.map(read) : [];
    const residues = drawResidues(round.sharing, round.blocks, random);
    return { type: 'slotsRead', now, slots, spentIn, salt: random(16), residues };
  }

  #wake(round: string, at: EpochMs): void {
    const wakes = this.#wakes.get(round) ?? new Set();
    this.#wakes.set(round, wakes);
    const callOff = this.#parts.clock.at(at, async () => {
      wakes.delete(callOff);
      if (!this.#participants.has(round)) return;
      const { clock, facts } = this.#parts;
      await Promise.all(this.run(round, { type: 'reconsider', now: clock.now(), facts: facts() }));
    });
    wakes.add(callOff);
  }
}
