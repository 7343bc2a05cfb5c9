/**
 * Homes that take part in rounds by the protocol's functions alone: each looks at what is retained for it and does
 * what that asks, over and over, with the same bytes. The wire between them and the coordinator can be told to fail.
 */
import { randomBytes } from 'node:crypto';
import type { Link, LinkListener } from '../../../broker/mqtt/link.ts';
import { type PairKeys, pairKeysOf } from '../../../broker/protocol/agreement.ts';
import { answerOpen, type OpenRequest, readOpen } from '../../../broker/protocol/answer.ts';
import type { EpochMs } from '../../../broker/protocol/clock.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { Answer, Complaint, Decline, Report } from '../../../broker/protocol/messages.ts';
import { makeReport } from '../../../broker/protocol/report.ts';
import { type AcceptedRoster, checkRoster } from '../../../broker/protocol/roster.ts';
import { checkAnnounce, type Round, rosterOfAnnounce } from '../../../broker/protocol/round.ts';
import { drawResidues } from '../../../broker/protocol/sharing.ts';
import { readTopic, type TopicName, topicOf } from '../../../broker/protocol/topics.ts';
import { encodeVector } from '../../../broker/protocol/vector.ts';
import { cohort, type MadeCohort, type MadeHome } from './made-cohort.ts';

export const prefix = 'wattveil/v1';
type HomeTopic = 'report' | 'decline' | 'answer' | 'complaint';
export type Fate = 'arrives' | 'is lost' | 'arrives twice';

/** An MQTT broker as far as rounds need one: what is retained, and a coordinator that may be away. */
export class Wire {
  readonly retained = new Map<string, Uint8Array>();
  /** Every publication of the coordinator that arrived, in order. */
  readonly published: { topic: string; bytes: number }[] = [];
  /** What becomes of a home's message. */
  fate: (name: HomeTopic, home: string) => Fate = () => 'arrives';
  /** Whether the coordinator's publications arrive. */
  connected = true;
  #listeners = new Map<TopicName, LinkListener<never>[]>();
  #onConnect: (() => void | Promise<void>)[] = [];

  /** The link of a coordinator that starts now; that of an earlier one hears nothing more. */
  link(): Link {
    this.#listeners = new Map();
    this.#onConnect = [];
    return {
      prefix,
      publish: (topic, payload, { retain }) => {
        if (this.connected && retain) this.#retain(topic, Buffer.from(payload));
        return Promise.resolve(this.connected);
      },
      on: (name, listener) => {
        this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener as LinkListener<never>]);
      },
      onConnect: (listener) => {
        this.#onConnect.push(listener);
      },
    };
  }

  async connect(): Promise<void> {
    this.connected = true;
    for (const listener of this.#onConnect) await listener();
  }

  async toCoordinator(name: HomeTopic, levels: { home: string; round: string }, payload: Uint8Array): Promise<void> {
    const fate = this.fate(name, levels.home);
    for (let times = { arrives: 1, 'is lost': 0, 'arrives twice': 2 }[fate]; times > 0; times -= 1) {
      for (const listener of this.#listeners.get(name) ?? []) await listener(levels as never, payload);
    }
  }

  #retain(topic: string, payload: Uint8Array): void {
    this.published.push({ topic, bytes: payload.length });
    if (payload.length === 0) this.retained.delete(topic);
    else this.retained.set(topic, payload);
  }
}

/** Makes each share of a report one that does not open; or only those of the first so many members of `homes`. */
export function spoilSeals(report: Uint8Array, members = 1, homes = 1): Uint8Array {
  const { v: _v, type: _type, ...fields } = Report.decode(report);
  const end = (fields.shares.length / homes) * members;
  return Report.encode({ ...fields, shares: fields.shares.map((byte, at) => (at < end ? byte ^ 1 : byte)) });
}

/** Another residue in the first block, still a canonical one. */
export function wrongAnswer(answer: Uint8Array): Uint8Array {
  const { v: _v, type: _type, ...fields } = Answer.decode(answer);
  const sums = Uint8Array.from(fields.sums);
  sums[0] = (sums[0] as number) ^ 1;
  return Answer.encode({ ...fields, sums });
}

export interface SimulatedHomeParts {
  readonly home: MadeHome;
  readonly made: MadeCohort;
  /** What the home reports per slot; a home without any sends nothing of its own. */
  readonly wattHours?: readonly number[];
  readonly declines?: Decline['reason'];
  /** Changes the report it sends, or the answer. */
  readonly spoil?: (report: Uint8Array) => Uint8Array;
  readonly spoilAnswer?: (answer: Uint8Array) => Uint8Array;
  /** The first so many members get a share of another vector: of nothing at all. */
  readonly twoFacedTo?: number;
  /** Contributors it complains of, though their shares open. */
  readonly complainsOf?: readonly string[];
}

interface RosterSeat {
  readonly roster: AcceptedRoster;
  readonly pairKeys: PairKeys;
}

/** By roster hash. Utilities of one cohort publish the same roster again, and checking it is most of the work. */
const seatsOf = new WeakMap<MadeHome, Map<string, RosterSeat>>();

export class SimulatedHome {
  readonly id: string;
  readonly #parts: SimulatedHomeParts;
  /** By round: the set it has answered for. */
  readonly #answered = new Map<string, string>();
  /** Bytes as sent, by topic and round: never made a second time. */
  readonly #sent = new Map<string, { name: HomeTopic; payload: Uint8Array }[]>();

  constructor(parts: SimulatedHomeParts) {
    this.#parts = parts;
    this.id = parts.home.id;
  }

  /** What a home does at each connect: everything that `retained` asks of it. */
  async look(wire: Wire, retained: ReadonlyMap<string, Uint8Array>, now: EpochMs): Promise<void> {
    for (const [topic, payload] of retained) {
      const received = readTopic(prefix, topic);
      if (received?.name !== 'round' || received.levels.cohort !== cohort) continue;
      const { round, pairKeys } = this.#accept(wire, payload, now);
      await this.#send(wire, round, 'report', () => this.#firstMessage(round, pairKeys));
      const open = retained.get(topicOf(prefix, 'open', { home: this.id, round: round.id }));
      if (open !== undefined) await this.#answerTo(wire, round, pairKeys, open);
    }
  }

  #accept(wire: Wire, announce: Uint8Array, now: EpochMs): { round: Round; pairKeys: PairKeys } {
    const { made, home } = this.#parts;
    const coordinator = made.coordinator.publicKey;
    const hash = toHex(rosterOfAnnounce(announce, coordinator));
    const rosters = seatsOf.get(home) ?? new Map<string, RosterSeat>();
    seatsOf.set(home, rosters);
    let known = rosters.get(hash);
    if (known === undefined) {
      const signed = wire.retained.get(topicOf(prefix, 'roster', { cohort, hash }));
      if (signed === undefined) throw new Error(`${this.id} finds no roster ${hash}`);
      const authority = made.authority.publicKey;
      const roster = checkRoster(signed, { coordinator, authority, cohort, now, seen: new Map(), epochs: new Map() });
      known = { roster, pairKeys: pairKeysOf(home.secret, roster) };
      rosters.set(hash, known);
    }
    const { roster, pairKeys } = known;
    return {
      round: checkAnnounce(announce, { coordinator, cohort, now, collusionDivisor: 3, roster: () => roster }),
      pairKeys,
    };
  }

  #firstMessage(round: Round, pairKeys: PairKeys): { name: HomeTopic; payload: Uint8Array }[] {
    const { wattHours, declines, spoil = (report: Uint8Array) => report } = this.#parts;
    if (declines !== undefined) {
      return [{ name: 'decline', payload: Decline.encode({ round: round.hash, reason: declines }) }];
    }
    if (wattHours === undefined) return [];
    const salt = randomBytes(16);
    const reportOf = (values: readonly number[]) => {
      const residues = drawResidues(round.sharing, round.blocks, randomBytes);
      return makeReport(round, this.#index(round), pairKeys, encodeVector(round.announce, values), salt, residues);
    };
    const report = this.#twoFaced(round, reportOf(wattHours), () => reportOf(wattHours.map(() => 0)));
    return [{ name: 'report', payload: spoil(report) }];
  }

  #twoFaced(round: Round, report: Uint8Array, other: () => Uint8Array): Uint8Array {
    const { twoFacedTo } = this.#parts;
    if (twoFacedTo === undefined) return report;
    const { v: _v, type: _type, ...fields } = Report.decode(report);
    const end = (fields.shares.length / round.roster.homes.length) * twoFacedTo;
    const shares = Buffer.concat([Report.decode(other()).shares.subarray(0, end), fields.shares.subarray(end)]);
    return Report.encode({ ...fields, shares });
  }

  /** One answer a round, whatever is asked later; a complaint about a set binds to nothing. */
  async #answerTo(wire: Wire, round: Round, pairKeys: PairKeys, open: Uint8Array): Promise<void> {
    const request = readOpen(round, this.#parts.made.coordinator.publicKey, open);
    const set = toHex(request.set.hash);
    const answered = this.#answered.get(round.id);
    if (answered !== undefined && answered !== set) return;
    await this.#send(wire, round, `answer to ${set}`, () => {
      const { answer, complaints } = this.#answer(round, pairKeys, request);
      if (answer !== undefined) this.#answered.set(round.id, set);
      if (answer !== undefined) return [{ name: 'answer', payload: answer }];
      return complaints.map((payload) => ({ name: 'complaint', payload }));
    });
  }

  #answer(round: Round, pairKeys: PairKeys, request: OpenRequest): { answer?: Uint8Array; complaints: Uint8Array[] } {
    const { spoilAnswer = (answer: Uint8Array) => answer, complainsOf = [] } = this.#parts;
    const { hash: set, contributors } = request.set;
    const falsely = complainsOf
      .map((id) => round.roster.homes.find((home) => home.id === id)?.index ?? 0)
      .filter((contributor) => contributors.includes(contributor));
    if (falsely.length > 0) {
      return { complaints: falsely.map((contributor) => Complaint.encode({ round: round.hash, set, contributor })) };
    }
    const answered = answerOpen(round, this.#index(round), pairKeys, request);
    if ('answer' in answered) return { answer: spoilAnswer(answered.answer), complaints: [] };
    return { complaints: [...answered.complaints] };
  }

  async #send(
    wire: Wire,
    round: Round,
    kind: string,
    make: () => { name: HomeTopic; payload: Uint8Array }[],
  ): Promise<void> {
    const key = `${kind} ${round.id}`;
    const messages = this.#sent.get(key) ?? make();
    this.#sent.set(key, messages);
    for (const { name, payload } of messages)
      await wire.toCoordinator(name, { home: this.id, round: round.id }, payload);
  }

  #index(round: Round): number {
    const own = round.roster.homes.find((home) => home.id === this.id);
    if (own === undefined) throw new Error(`${this.id} is not in the roster`);
    return own.index;
  }
}
