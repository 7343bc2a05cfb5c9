/**
 * A simulated house: the gateway that stands in it, what that has on its disk, and what becomes of both: power cuts,
 * new agreement keys, a backup that takes the disk's place, another gateway.
 */
import type { Seats } from '../../agent/rounds/seats.ts';
import type { Clock, EpochMs } from '../../broker/protocol/clock.ts';
import type { Round } from '../../broker/protocol/round.ts';
import { emptyDisk, type HomeDisk, type HomeParts, SimulatedHome } from './home.ts';
import { SimulatedKeys } from './keys.ts';
import { Power } from './power.ts';
import { keepRoster, type SeatDisk, seatsOf } from './seats.ts';
import { firstSequence, homeOf, type Street, tensors } from './street.ts';

/** Published by a home, retained: signed with the identity of one of its gateways. */
export interface ShownKey {
  readonly house: number;
  readonly gateway: number;
  readonly nth: number;
  readonly sequence: number;
}

export interface HouseParts extends Pick<HomeParts, 'reading' | 'random' | 'send' | 'fetchRoster'> {
  readonly street: Street;
  readonly number: number;
  readonly clock: Clock;
  readonly show: (key: ShownKey) => void;
}

type Disk = HomeDisk & SeatDisk;

export class House {
  readonly number: number;
  readonly power: Power;
  gateway = 0;
  disk: Disk = newDisk();
  keys: SimulatedKeys;
  seats: Seats;
  core: SimulatedHome;
  readonly #parts: HouseParts;
  /** There is one from the beginning. */
  #backup: Disk;
  #keysMade = 1;
  /** Of all it reads: since this gateway stands here. */
  #consentFrom = 0;

  constructor(parts: HouseParts) {
    this.#parts = parts;
    this.number = parts.number;
    this.power = new Power(homeOf(this.number));
    const { street } = parts;
    this.keys = this.#newKeys();
    this.keys.begin({ house: this.number, gateway: 0, nth: 0, sequence: firstSequence });
    this.disk.seen = street.seen;
    keepRoster(this.disk, street.roster, firstSequence, parts.clock.now());
    this.seats = this.#newSeats();
    this.#backup = copyOf(this.disk);
    this.core = this.#start();
  }

  /** As after a power cut: what was in memory is gone. */
  restart(): void {
    this.core.close();
    this.power.up = true;
    const { sharing } = this.core;
    this.seats = this.#newSeats();
    this.core = this.#start();
    this.core.sharing = sharing;
    this.keys.load(this.#now());
  }

  /** Its connection is new. */
  connected(): void {
    this.keys.tend(this.#now(), false);
    this.#show();
  }

  /** As it does every hour. */
  look(): void {
    if (this.power.up && this.keys.tend(this.#now(), false)) this.#show();
  }

  rotate(): void {
    if (this.keys.tend(this.#now(), true)) this.#show();
  }

  /** What the broker keeps of this home, as a newer copy of it has signed it. */
  ownCame({ gateway, sequence }: ShownKey): void {
    const known = Math.max(this.keys.newest?.sequence ?? 0, Math.floor(this.disk.spentUntil / 1000));
    if (gateway === this.gateway && sequence > known) this.#goOnFrom(this.disk, sequence);
  }

  backup(): void {
    this.#backup = copyOf(this.disk);
  }

  restore(): void {
    this.#goOnFrom(copyOf(this.#backup), 0);
  }

  /** The old one is gone with all that it had; the new one shares what it reads from now on. */
  replace(): void {
    this.core.close();
    this.gateway += 1;
    this.disk = newDisk();
    this.keys = this.#newKeys();
    this.seats = this.#newSeats();
    this.power.up = true;
    this.#consentFrom = this.#now();
    this.core = this.#start();
    this.keys.load(this.#now());
    this.#backup = copyOf(this.disk);
  }

  #goOnFrom(disk: Disk, sequencesUntil: number): void {
    this.core.close();
    const { sharing } = this.core;
    this.disk = disk;
    disk.spentUntil = this.#now();
    this.power.up = true;
    this.core = this.#start();
    this.core.sharing = sharing;
    this.keys.startAnew(this.#now(), sequencesUntil);
  }

  #start(): SimulatedHome {
    const { clock, reading, random, send, fetchRoster } = this.#parts;
    const { disk, power, seats, keys } = this;
    const consentFrom = this.#consentFrom;
    const shown = consentFrom === 0 ? tensors : tensors.map((tensor) => ({ ...tensor, consentFrom }));
    const own: Clock = {
      now: () => clock.now(),
      // As for the coordinator: not without power.
      at: (at, work) => clock.at(at, () => (power.up ? work() : undefined)),
    };
    const onBound = (round: Round) => keys.noteNeeded(round);
    return new SimulatedHome({
      ...{ disk, power, seats, onBound, clock: own, tensors: shown, reading, random, send, fetchRoster },
    });
  }

  #show(): void {
    const { newest } = this.keys;
    if (newest === undefined) return;
    const { sequence, nth } = newest;
    this.power.effect();
    this.#parts.show({ house: this.number, gateway: this.gateway, nth, sequence });
  }

  #newKeys(): SimulatedKeys {
    const { street, number } = this.#parts;
    const nextNth = () => this.#keysMade++;
    return new SimulatedKeys({ street, house: number, power: this.power, disk: () => this.disk, nextNth });
  }

  /** With nothing in memory yet. */
  #newSeats(): Seats {
    const { street, number } = this.#parts;
    const { power, keys, gateway } = this;
    return seatsOf({ street, house: number, gateway, keys, power, disk: () => this.disk });
  }

  #now(): EpochMs {
    return this.#parts.clock.now();
  }
}

function newDisk(): Disk {
  return { ...emptyDisk(), keys: new Map(), rosters: new Map(), seen: new Map() };
}

function copyOf(disk: Disk): Disk {
  const { bound, reports, answers, over, spent, spentUntil, keys, rosters, seen } = disk;
  return {
    ...{ bound: new Map(bound), reports: new Map(reports), answers: new Map(answers), over: new Set(over) },
    ...{ spent: [...spent], spentUntil, keys: new Map(keys), rosters: new Map(rosters), seen: new Map(seen) },
  };
}
