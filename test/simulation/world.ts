/**
 * Homes, a coordinator and a broker that keeps nothing it promised: every message is in flight until a test lets it
 * arrive, twice, late, in any order, or not at all.
 */
import type { HomeTopic } from '../../agent/rounds/participant-shell.ts';
import { after, SteppedClock } from '../../broker/protocol/clock.ts';
import { type Retained, SimulatedCoordinator } from './coordinator.ts';
import { SimulatedHome } from './home.ts';
import type { Operation } from './operation.ts';
import { type Power, PowerCut } from './power.ts';
import { hour, reading, type Street, start, tensors } from './street.ts';

type Message =
  | { readonly to: 'broker'; readonly retained: Retained }
  | { readonly to: 'home'; readonly home: number; readonly retained: Retained }
  | {
      readonly to: 'coordinator';
      readonly home: number;
      readonly topic: HomeTopic;
      readonly round: string;
      readonly payload: Uint8Array;
      readonly reported: boolean;
    };

export class World {
  readonly homes: readonly SimulatedHome[];
  readonly coordinator: SimulatedCoordinator;
  readonly clock = new SteppedClock(start);
  /** Everything that any home ever said; `reported`: when it had a report for that round on its disk. */
  readonly said: Extract<Message, { to: 'coordinator' }>[] = [];
  readonly #street: Street;
  readonly #retained = new Map<string, Retained>();
  #inFlight: Message[] = [];

  constructor(street: Street, random: (bytes: number) => Uint8Array, values: typeof reading = reading) {
    this.#street = street;
    const { clock } = this;
    this.coordinator = new SimulatedCoordinator({
      key: street.key,
      clock,
      random,
      publish: (retained) => void this.#inFlight.push({ to: 'broker', retained }),
    });
    this.homes = street.seats.map((seat) => {
      const send = (topic: HomeTopic, round: string, payload: Uint8Array) => {
        const reported = this.homes[seat.own - 1]?.disk.reports.has(round) ?? false;
        const message = { to: 'coordinator', home: seat.own, topic, round, payload, reported } as const;
        this.said.push(message);
        this.#inFlight.push(message);
      };
      const own = (tensor: string, from: number) => values(seat.own, tensor, from);
      return new SimulatedHome({ seat, clock, tensors, reading: own, random, send });
    });
  }

  async play(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) await this.#withstand(() => this.#do(operation));
  }

  /**
   * Everyone is back, nothing is lost any more, and time goes on past every deadline and grace time.
   * @param absent index of a home that stays away, though
   */
  async quieten(absent?: number): Promise<void> {
    this.#inFlight = [];
    for (const party of [this.coordinator, ...this.homes]) {
      party.power.last();
      if (party === this.homes[(absent ?? 0) - 1]) party.power.up = false;
      else if (!party.power.up) party.restart();
    }
    const present = this.homes.filter(({ power }) => power.up);
    for (const home of present) home.sharing = true;
    // All of it goes out to everybody again: to homes it is as if they had connected.
    this.coordinator.connect();
    for (const home of present) home.reconsider();
    this.#deliverAll();
    for (const at of [
      after(start, 13 * hour),
      ...[1, 2, 3].map((nth) => after(this.clock.now(), nth * 20_000 + 13 * hour)),
    ]) {
      await this.clock.stepTo(at);
      this.#deliverAll();
    }
  }

  async #do(operation: Operation): Promise<void> {
    const { coordinator } = this;
    switch (operation.do) {
      case 'announce': {
        const round = this.#street.rounds[operation.round % this.#street.rounds.length];
        if (round !== undefined && coordinator.power.up) coordinator.announce(round);
        break;
      }
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
        const home = this.#home(operation.home);
        if (home?.power.up) this.#connectHome(home);
        else if (home === undefined && coordinator.power.up) coordinator.connect();
        break;
      }
      case 'cutPower':
        this.#power(operation.home).failAt(operation.effects);
        break;
      case 'restart':
        (this.#home(operation.home) ?? coordinator).restart();
        break;
      case 'share': {
        const home = this.#home(operation.home);
        if (home === undefined || !home.power.up) break;
        home.sharing = operation.on;
        home.reconsider();
        break;
      }
      case 'wait':
        await this.#wait(operation.minutes * 60_000);
    }
  }

  /** Home 0 is the coordinator. */
  #home(home: number): SimulatedHome | undefined {
    return this.homes[(home % (this.homes.length + 1)) - 1];
  }

  #power(home: number): Power {
    return (this.#home(home) ?? this.coordinator).power;
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

  #connectHome(home: SimulatedHome): void {
    for (const retained of this.#retained.values()) this.#send(home, retained);
  }

  #send({ index }: SimulatedHome, retained: Retained): void {
    if (retained.what === 'open' && retained.home !== index) return;
    this.#inFlight.push({ to: 'home', home: index, retained });
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
    if (message.to === 'broker') {
      const { retained } = message;
      const key = `${retained.what} ${retained.round.id} ${'home' in retained ? retained.home : ''}`;
      if ('payload' in retained && (retained.payload === undefined || retained.payload === false)) {
        this.#retained.delete(key);
      } else this.#retained.set(key, retained);
      for (const home of this.homes) if (home.power.up) this.#send(home, retained);
    } else if (message.to === 'coordinator') {
      const { topic, home, round, payload } = message;
      if (this.coordinator.power.up) this.coordinator.receive(topic, home, round, payload);
    } else {
      const home = this.homes[message.home - 1] as SimulatedHome;
      if (home.power.up) tell(home, message.retained);
    }
  }
}

function tell(home: SimulatedHome, retained: Retained): void {
  const { id } = retained.round;
  if (retained.what === 'result') home.resulted(id);
  else if (retained.what === 'round') home.announced(id, retained.payload ? retained.round : undefined);
  else if (retained.payload !== undefined) home.asked(id, retained.payload);
}
