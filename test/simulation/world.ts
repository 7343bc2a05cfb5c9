/**
 * Homes, a coordinator and a broker that keeps nothing it promised: every message is in flight until a test lets it
 * arrive, twice, late, in any order, or not at all.
 */
import type { HomeTopic } from '../../agent/rounds/participant-shell.ts';
import { after, SteppedClock } from '../../broker/protocol/clock.ts';
import { sameBytes, toHex } from '../../broker/protocol/hex.ts';
import { type Retained, SimulatedCoordinator } from './coordinator.ts';
import { House, type ShownKey } from './house.ts';
import type { Operation } from './operation.ts';
import { type Power, PowerCut } from './power.ts';
import { spoiled } from './spoiled.ts';
import { hour, plans, reading, type Street, start } from './street.ts';

/** What a home has said about a round. */
export interface Said {
  readonly house: number;
  readonly topic: HomeTopic;
  readonly round: string;
  readonly payload: Uint8Array;
  /** When it was said: whether a report for that round was on its disk, and whether these very bytes were. */
  readonly reported: boolean;
  readonly stored: boolean;
}

type Message =
  | { readonly to: 'broker'; readonly retained: Retained }
  /** A subscription to one roster. */
  | { readonly to: 'broker'; readonly house: number; readonly wants: string }
  | { readonly to: 'home'; readonly house: number; readonly retained: Retained }
  | { readonly to: 'coordinator'; readonly said: Said }
  | { readonly to: 'coordinator'; readonly key: ShownKey };

const graceMs = 20_000;
const day = 24 * hour;

export class World {
  readonly houses: readonly House[];
  readonly coordinator: SimulatedCoordinator;
  readonly clock = new SteppedClock(start);
  /** Everything that any home ever said of rounds. */
  readonly said: Said[] = [];
  /** Published by the coordinator before it was on its disk. */
  readonly toldTooSoon: string[] = [];
  /** Houses that seal badly, and for which member; 0 is all. */
  readonly spoilers = new Map<number, number>();
  /** When all were back. */
  quietFrom = Number.POSITIVE_INFINITY;
  readonly #retained = new Map<string, Retained>();
  /** By home: hashes of the rosters that it has asked for. */
  readonly #wanted = new Map<number, Set<string>>();
  #inFlight: Message[] = [];

  constructor(street: Street, random: (bytes: number) => Uint8Array, values: typeof reading = reading) {
    const { clock } = this;
    const publish = (retained: Retained) => void this.#inFlight.push({ to: 'broker', retained });
    this.coordinator = new SimulatedCoordinator({
      ...{ street, clock, random },
      publish: (retained) => {
        if (!isOnDisk(this.coordinator, retained)) this.toldTooSoon.push(retained.what);
        publish(retained);
      },
    });
    this.houses = Array.from({ length: street.houses }, (_, at) => {
      const number = at + 1;
      return new House({
        ...{ street, number, clock, random, reading: (tensor, from) => values(number, tensor, from) },
        send: (topic, round, payload) => this.#say(number, topic, round, payload),
        show: (key) => publish({ what: 'key', house: number, payload: key }),
        fetchRoster: (wants) => void this.#inFlight.push({ to: 'broker', house: number, wants }),
      });
    });
    this.#lookEvery(8 * hour);
  }

  /** One timer for all: a clock of this world looks through every one that is set. */
  #lookEvery(ms: number): void {
    this.clock.at(after(this.clock.now(), ms), () => {
      this.#lookEvery(ms);
      for (const house of this.houses) if (house.power.up) house.look();
    });
  }

  async play(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) await this.#withstand(() => this.#do(operation));
  }

  /**
   * Everyone is back, nothing is lost any more, and time goes on past every deadline, grace time and expiry.
   * @param absent number of a home that stays away, though
   */
  async quieten(absent?: number): Promise<void> {
    this.#inFlight = [];
    this.quietFrom = this.clock.now();
    for (const party of [this.coordinator, ...this.houses]) {
      party.power.last();
      if (party === this.houses[(absent ?? 0) - 1]) party.power.up = false;
      else if (!party.power.up) party.restart();
    }
    const present = this.houses.filter(({ power }) => power.up);
    for (const { core } of present) core.sharing = true;
    // All of it goes out to everybody again: to homes it is as if they had connected.
    this.#connectCoordinator();
    for (const house of present) {
      house.connected();
      house.core.reconsider();
    }
    for (const until of [this.clock.now(), after(start, 13 * hour), after(this.clock.now(), 13 * hour)]) {
      await this.#settle(until);
    }
    await this.#settle(after(this.clock.now(), 2 * day));
  }

  /** So long that no key is needed any more but the newest of each home. */
  async grow(): Promise<void> {
    await this.#settle(after(this.clock.now(), 16 * day));
  }

  /** Up to then, and through whatever grace time begins there. */
  async #settle(until: number): Promise<void> {
    this.#deliverAll();
    await this.clock.stepTo(after(start, until - start));
    for (let grace = 0; grace < 3; grace += 1) {
      this.#deliverAll();
      await this.clock.stepTo(after(this.clock.now(), graceMs));
    }
    this.#deliverAll();
  }

  async #do(operation: Operation): Promise<void> {
    const { coordinator } = this;
    switch (operation.do) {
      case 'announce':
        if (coordinator.power.up) coordinator.announce(operation.round % plans.length);
        break;
      case 'deliver':
        this.#deliver(operation.nth, operation.times);
        break;
      case 'deliverAll':
        this.#deliverAll();
        break;
      case 'forget':
        this.#retained.clear();
        break;
      case 'connect': {
        const house = this.#house(operation.home);
        if (house?.power.up) this.#connectHome(house);
        else if (house === undefined && coordinator.power.up) this.#connectCoordinator();
        break;
      }
      case 'cutPower':
        this.#power(operation.home).failAt(operation.effects);
        break;
      case 'restart':
        (this.#house(operation.home) ?? coordinator).restart();
        break;
      case 'share': {
        const house = this.#house(operation.home);
        if (house === undefined || !house.power.up) break;
        house.core.sharing = operation.on;
        house.core.reconsider();
        break;
      }
      case 'wait':
        await this.#wait(operation.minutes * 60_000);
        break;
      case 'rotate': {
        const house = this.#house(operation.home);
        if (house?.power.up) house.rotate();
        break;
      }
      case 'backup':
        this.#house(operation.home)?.backup();
        break;
      case 'restore': {
        const house = this.#house(operation.home);
        house?.restore();
        if (house !== undefined) this.#connectHome(house);
        break;
      }
      case 'replace':
        this.#replace(operation.home);
        break;
      case 'enrol':
        this.#enrol(operation.home, operation.on);
        break;
      case 'spoil': {
        const house = this.#house(operation.home);
        // Once and for all: a report is the same bytes however often it is sent.
        if (house !== undefined && !this.spoilers.has(house.number)) this.spoilers.set(house.number, operation.member);
      }
    }
  }

  #replace(home: number): void {
    const house = this.#house(home);
    if (house === undefined || !this.coordinator.power.up) return;
    house.replace();
    this.coordinator.directory.approve(house.number, house.gateway);
    this.#connectHome(house);
  }

  #enrol(home: number, on: boolean): void {
    const house = this.#house(home);
    const { directory, power } = this.coordinator;
    if (house === undefined || !power.up || directory.isApproved(house.number) === on) return;
    if (on) directory.approve(house.number, house.gateway);
    else this.coordinator.remove(house.number);
  }

  /** Home 0 is the coordinator. */
  #house(home: number): House | undefined {
    return this.houses[(home % (this.houses.length + 1)) - 1];
  }

  #power(home: number): Power {
    return (this.#house(home) ?? this.coordinator).power;
  }

  async #wait(ms: number): Promise<void> {
    const until = after(this.clock.now(), ms);
    while (this.clock.now() < until) await this.#withstand(() => this.clock.stepTo(until));
  }

  async #withstand(work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
  }

  #say(house: number, topic: HomeTopic, round: string, payload: Uint8Array): void {
    const { reports, answers } = (this.houses[house - 1] as House).disk;
    const kept = topic === 'report' ? reports.get(round)?.report : answers.get(round)?.answer;
    const stored = kept !== undefined && sameBytes(kept, payload);
    const said = { house, topic, round, payload, reported: reports.has(round), stored };
    this.said.push(said);
    this.#inFlight.push({ to: 'coordinator', said: { ...said, payload: this.#asSent(said) } });
  }

  #asSent({ house, topic, round, payload }: Said): Uint8Array {
    const member = this.spoilers.get(house);
    const of = this.coordinator.disk.get(round)?.round;
    return topic === 'report' && member !== undefined && of !== undefined ? spoiled(payload, of, member) : payload;
  }

  #connectHome(house: House): void {
    this.#wanted.delete(house.number);
    for (const retained of this.#retained.values()) this.#send(house, retained);
    house.connected();
  }

  #connectCoordinator(): void {
    for (const retained of this.#retained.values()) {
      if (retained.what === 'key' && retained.payload !== undefined) {
        this.#inFlight.push({ to: 'coordinator', key: retained.payload });
      }
    }
    this.coordinator.connect();
  }

  #send({ number }: House, retained: Retained): void {
    if ((retained.what === 'open' || retained.what === 'key') && retained.house !== number) return;
    if (retained.what === 'roster' && this.#wanted.get(number)?.has(toHex(retained.roster.hash)) !== true) return;
    this.#inFlight.push({ to: 'home', house: number, retained });
  }

  #deliverAll(): void {
    while (this.#inFlight.length > 0) this.#deliver(0, 1);
  }

  /** @param times 0: the message is lost */
  #deliver(nth: number, times: number): void {
    const [message] = this.#inFlight.splice(nth % Math.max(this.#inFlight.length, 1), 1);
    for (let time = 0; message !== undefined && time < times; time += 1) {
      try {
        this.#arrive(message);
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
    }
  }

  #arrive(message: Message): void {
    const { coordinator } = this;
    if (message.to === 'home') {
      const house = this.houses[message.house - 1] as House;
      if (house.power.up) this.#tell(house, message.retained);
    } else if (message.to === 'coordinator') {
      if (!coordinator.power.up) return;
      if ('key' in message) coordinator.directory.keyCame(message.key);
      else coordinator.receive(message.said.topic, message.said.house, message.said.round, message.said.payload);
    } else if ('wants' in message) this.#subscribe(message.house, message.wants);
    else this.#retain(message.retained);
  }

  #subscribe(number: number, wants: string): void {
    this.#wanted.set(number, (this.#wanted.get(number) ?? new Set()).add(wants));
    const retained = this.#retained.get(`roster ${wants}`);
    if (retained !== undefined) this.#send(this.houses[number - 1] as House, retained);
  }

  #retain(retained: Retained): void {
    const key = keyOf(retained);
    const isCleared = 'payload' in retained && (retained.payload === undefined || retained.payload === false);
    if (isCleared) this.#retained.delete(key);
    else this.#retained.set(key, retained);
    for (const house of this.houses) if (house.power.up) this.#send(house, retained);
    if (retained.what === 'key' && retained.payload !== undefined && this.coordinator.power.up) {
      this.#inFlight.push({ to: 'coordinator', key: retained.payload });
    }
  }

  #tell(house: House, retained: Retained): void {
    const { core, number } = house;
    if (retained.what === 'roster') {
      this.#wanted.get(number)?.delete(toHex(retained.roster.hash));
      if (retained.payload) core.rosterCame(retained.roster);
    } else if (retained.what === 'key') {
      if (retained.payload !== undefined) house.ownCame(retained.payload);
    } else {
      const { id } = retained.round;
      if (retained.what === 'result') core.resulted(id);
      else if (retained.what === 'round') core.announced(id, retained.payload ? retained.round : undefined);
      else if (retained.payload !== undefined) core.asked(id, retained.payload);
    }
  }
}

/** State is on disk before the world is told. */
function isOnDisk({ disk, directory }: SimulatedCoordinator, retained: Retained): boolean {
  switch (retained.what) {
    case 'round':
      return disk.has(retained.round.id);
    case 'result':
      return disk.get(retained.round.id)?.result !== undefined;
    case 'open': {
      const { payload, round } = retained;
      const signed = disk.get(round.id)?.sets.at(-1)?.set.signed;
      return payload === undefined || (signed !== undefined && Buffer.from(payload).includes(Buffer.from(signed)));
    }
    case 'roster':
      return directory.rosters.includes(retained.roster);
    case 'key':
      return true;
  }
}

function keyOf(retained: Retained): string {
  if (retained.what === 'roster') return `roster ${toHex(retained.roster.hash)}`;
  if (retained.what === 'key') return `key ${retained.house}`;
  return `${retained.what} ${retained.round.id} ${'house' in retained ? retained.house : ''}`;
}
