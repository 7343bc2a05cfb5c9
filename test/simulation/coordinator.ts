/**
 * A simulated coordinator: the real machine over a disk that is a few maps. A transition's rows are written all or none.
 */
import type { Clock, EpochMs } from '../../broker/protocol/clock.ts';
import { type AcceptedSet, readSet } from '../../broker/protocol/contributor-set.ts';
import { ProtocolError } from '../../broker/protocol/errors.ts';
import { sameBytes } from '../../broker/protocol/hex.ts';
import type { Result } from '../../broker/protocol/json-messages.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import type { Round } from '../../broker/protocol/round.ts';
import { opening } from '../../broker/rounds/await-answers.ts';
import { collecting, coordinate } from '../../broker/rounds/coordinator.ts';
import { eventOf, type HomeMessage } from '../../broker/rounds/incoming.ts';
import { unansweredMembers } from '../../broker/rounds/members.ts';
import { openRequests } from '../../broker/rounds/open-requests.ts';
import {
  afterGraceTime,
  type Coordinator,
  type CoordinatorEvent,
  type Effect,
  type Heard,
  type RoundRules,
} from '../../broker/rounds/round-states.ts';
import { SimulatedDirectory } from './directory.ts';
import type { ShownKey } from './house.ts';
import { Power } from './power.ts';
import { homeOf, houseOf, type Street } from './street.ts';

/** What a power cut leaves of one round. */
export interface StoredRound {
  readonly plan: number;
  readonly round: Round;
  readonly heard: Map<number, Heard>;
  readonly reports: Map<number, Uint8Array>;
  /** The one in force last. */
  readonly sets: StoredSet[];
  result: Result | undefined;
}

interface StoredSet {
  readonly set: AcceptedSet;
  wave: readonly number[];
  readonly answers: Map<number, Uint8Array>;
  readonly complaints: Map<number, readonly number[]>;
}

/** What is retained at the broker; without a payload it is cleared. */
export type Retained =
  | { readonly what: 'roster'; readonly roster: AcceptedRoster; readonly payload: boolean }
  | { readonly what: 'round'; readonly round: Round; readonly payload: boolean }
  | { readonly what: 'open'; readonly round: Round; readonly house: number; readonly payload: Uint8Array | undefined }
  | { readonly what: 'result'; readonly round: Round }
  /** A home's own, which the coordinator clears where the home is removed. */
  | { readonly what: 'key'; readonly house: number; readonly payload: ShownKey | undefined };

export interface CoordinatorParts {
  readonly street: Street;
  readonly clock: Clock;
  readonly publish: (retained: Retained) => void;
  readonly random: (bytes: number) => Uint8Array;
}

const graceMs = 10_000;

export class SimulatedCoordinator {
  readonly disk = new Map<string, StoredRound>();
  readonly power = new Power('coordinator');
  readonly directory: SimulatedDirectory;
  readonly #parts: CoordinatorParts;
  readonly #running = new Map<string, Coordinator>();
  #timers: (() => void)[] = [];

  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    this.directory = new SimulatedDirectory(parts.street, this.power);
  }

  /** Each plan once, among the homes and keys as they are now. */
  announce(plan: number): void {
    if ([...this.disk.values()].some((stored) => stored.plan === plan)) return;
    const roster = this.directory.upToDate((made) => this.#publish({ what: 'roster', roster: made, payload: true }));
    if (roster === undefined) return;
    const round = this.#parts.street.round(plan, roster);
    this.power.effect();
    this.disk.set(round.id, {
      plan,
      round,
      heard: new Map(),
      reports: new Map(),
      sets: [],
      result: undefined,
    });
    this.power.effect();
    this.#begin(round);
    this.#publish({ what: 'round', round, payload: true });
  }

  remove(house: number): void {
    this.directory.remove(house);
    this.#publish({ what: 'key', house, payload: undefined });
  }

  restart(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
    this.#running.clear();
    this.power.up = true;
    for (const { round, result } of this.disk.values()) if (result === undefined) this.#begin(round);
  }

  /** The connection is new: all that is asked of homes, again. */
  connect(): void {
    for (const roster of this.#rostersInUse()) this.#publish({ what: 'roster', roster, payload: true });
    for (const { round, result } of this.disk.values()) {
      if (result !== undefined) this.#publishEnd(round);
      else {
        this.#publish({ what: 'round', round, payload: true });
        const now = this.#running.get(round.id);
        if (now?.state !== 'opening') continue;
        this.#release(round, now.former?.answered ?? []);
        this.#ask(round, now.set, unansweredMembers(now));
      }
    }
  }

  receive(name: HomeMessage, house: number, id: string, payload: Uint8Array): void {
    const now = this.#running.get(id);
    const round = this.disk.get(id)?.round;
    const home = round?.roster.homes.find((one) => one.id === homeOf(house));
    if (now === undefined || round === undefined || home === undefined) return;
    let event: CoordinatorEvent | undefined;
    try {
      event = eventOf(round, now, { name, home, payload });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
    if (event !== undefined) this.#feed(round, event);
  }

  #begin(round: Round): void {
    this.#running.set(round.id, this.#stateOf(round));
    this.#feed(round, { type: 'resumed' });
    const { deadline, expiry } = round.announce;
    this.#at(deadline, round, { type: 'deadline', missed: deadline <= this.#parts.clock.now() });
    this.#at(expiry, round, { type: 'expiry' });
  }

  #stateOf(round: Round): Coordinator {
    const { heard, sets } = this.#stored(round);
    const at = <Row>(rows: ReadonlyMap<number, Row>) => round.roster.homes.map(({ index }) => rows.get(index));
    const [stored, before] = sets.toReversed();
    if (stored === undefined) return { ...collecting(round), heard: at(heard) };
    const set = readSet(round, this.#parts.street.key.publicKey, stored.set.signed);
    const former = before && {
      hash: before.set.hash,
      answered: [...before.answers.keys()].sort((one, other) => one - other),
      complaints: new Map(before.complaints),
    };
    return {
      ...opening(round, set, stored.wave, former),
      answers: at(stored.answers),
      complaints: new Map(stored.complaints),
    };
  }

  #feed(round: Round, event: CoordinatorEvent): void {
    const now = this.#running.get(round.id);
    if (now === undefined) return;
    const matching = round.roster.homes.map(({ index }) => index);
    const rules: RoundRules = { round, key: this.#parts.street.key, matching };
    const [next, effects] = coordinate(rules, now, event, this.#parts.random(32));
    const stores = effects.filter(({ type }) => type.startsWith('store'));
    if (stores.length > 0) this.power.effect();
    for (const effect of stores) this.#write(this.#stored(round), effect);
    if (stores.length > 0) this.power.effect();
    this.#running.set(round.id, next);
    for (const effect of effects) this.#act(round, effect);
  }

  #write(stored: StoredRound, effect: Effect): void {
    switch (effect.type) {
      case 'storeReport':
        stored.heard.set(effect.home, { said: 'report', salt: effect.salt, digest: effect.digest });
        stored.reports.set(effect.home, effect.bytes);
        break;
      case 'storeDecline':
        stored.heard.set(effect.home, { said: 'decline', reason: effect.reason });
        break;
      case 'storeSet':
        stored.sets.push({ set: effect.set, wave: effect.wave, answers: new Map(), complaints: new Map() });
        break;
      case 'storeAskedAll':
        setOf(stored, effect.set).wave = [];
        break;
      case 'storeComplaint': {
        const { complaints } = setOf(stored, effect.set);
        complaints.set(effect.home, [...(complaints.get(effect.home) ?? []), effect.contributor]);
        break;
      }
      case 'storeAnswer':
        setOf(stored, effect.set).answers.set(effect.home, effect.sums);
        break;
      case 'storeResult':
        stored.result = effect.result;
        stored.reports.clear();
    }
  }

  #act(round: Round, effect: Effect): void {
    switch (effect.type) {
      case 'ask':
        this.#ask(round, effect.set, effect.members);
        break;
      case 'release':
        this.#release(round, effect.members);
        break;
      case 'awaitReports':
      case 'startWave':
      case 'startGrace':
        this.#at(this.#parts.clock.now() + graceMs, round, { type: afterGraceTime[effect.type] });
        break;
      case 'end':
        this.#running.delete(round.id);
        this.#publishEnd(round);
    }
  }

  #ask(round: Round, set: AcceptedSet, members: readonly number[]): void {
    const { reports } = this.#stored(round);
    const requestOf = openRequests(
      round,
      set,
      set.contributors.map((home) => reports.get(home) as Uint8Array),
      members,
    );
    for (const home of members) this.#publish({ ...this.#requestTo(round, home), payload: requestOf(home) });
  }

  #release(round: Round, members: readonly number[]): void {
    for (const home of members) this.#publish({ ...this.#requestTo(round, home), payload: undefined });
  }

  #requestTo(round: Round, home: number) {
    return { what: 'open', round, house: houseOf(round.roster.homes[home - 1]?.id ?? '') } as const;
  }

  /** The newest, and every one that a running round names. */
  #rostersInUse(): AcceptedRoster[] {
    const running = [...this.disk.values()].filter(({ result }) => result === undefined);
    const named = new Set(running.map(({ round }) => round.roster).concat(this.directory.rosters.slice(-1)));
    return this.directory.rosters.filter((roster) => named.has(roster));
  }

  #publishEnd(round: Round): void {
    this.#publish({ what: 'result', round });
    this.#publish({ what: 'round', round, payload: false });
    this.#release(
      round,
      round.roster.homes.map(({ index }) => index),
    );
    const { roster } = round;
    if (!this.#rostersInUse().includes(roster)) this.#publish({ what: 'roster', roster, payload: false });
  }

  #publish(retained: Retained): void {
    this.power.effect();
    this.#parts.publish(retained);
  }

  #at(at: number, round: Round, event: CoordinatorEvent): void {
    const due = () => {
      // Who is without power does nothing when its time has come.
      if (this.power.up) this.#feed(round, event);
    };
    if (at <= this.#parts.clock.now()) due();
    else this.#timers.push(this.#parts.clock.at(at as EpochMs, due));
  }

  #stored({ id }: Round): StoredRound {
    const stored = this.disk.get(id);
    if (stored === undefined) throw new Error(`round ${id} is not stored`);
    return stored;
  }
}

function setOf({ sets }: StoredRound, { hash }: AcceptedSet): StoredSet {
  const found = sets.find(({ set }) => sameBytes(set.hash, hash));
  if (found === undefined) throw new Error('the set is not stored');
  return found;
}
