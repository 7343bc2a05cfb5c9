/**
 * The simulated coordinator's homes: whom the operator has approved, the keys that have come of them, and the rosters
 * made of these. A roster's rows are written all or none, and it is published then.
 */

import { sameBytes } from '../../broker/protocol/hex.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import type { ShownKey } from './house.ts';
import type { Power } from './power.ts';
import { firstSequence, homeOf, type KeysSeen, type Member, type Street, seenWith } from './street.ts';

interface Approved {
  readonly gateway: number;
  /** Undefined until it comes. */
  key: ShownKey | undefined;
}

const fewestHomes = 3;

export class SimulatedDirectory {
  /** The newest last. */
  readonly rosters: AcceptedRoster[];
  readonly #street: Street;
  readonly #power: Power;
  readonly #approved = new Map<number, Approved>();
  #seen: KeysSeen;

  constructor(street: Street, power: Power) {
    this.#street = street;
    this.#power = power;
    this.rosters = [street.roster];
    for (let house = 1; house <= street.houses; house += 1) {
      this.#approved.set(house, { gateway: 0, key: { house, gateway: 0, nth: 0, sequence: firstSequence } });
    }
    this.#seen = street.seen;
  }

  isApproved(house: number): boolean {
    return this.#approved.has(house);
  }

  /** The operator's word: this gateway stands in that house. */
  approve(house: number, gateway: number): void {
    this.#write(() => this.#approved.set(house, { gateway, key: undefined }));
  }

  remove(house: number): void {
    this.#write(() => this.#approved.delete(house));
  }

  keyCame(key: ShownKey): void {
    const approved = this.#approved.get(key.house);
    if (approved === undefined || approved.gateway !== key.gateway) return;
    if ((approved.key?.sequence ?? -1) >= key.sequence) return;
    this.#write(() => {
      approved.key = key;
    });
  }

  /** @returns the newest roster, made anew where homes or keys are others; undefined where too few would be in it */
  upToDate(publish: (roster: AcceptedRoster) => void): AcceptedRoster | undefined {
    const newest = this.rosters.at(-1) as AcceptedRoster;
    const members = [...this.#approved.values()].flatMap(({ key }) =>
      key !== undefined && this.#passes(key) ? [key] : [],
    );
    const next = this.#street.rosterOf(
      newest.epoch + 1,
      members.sort((one, other) => one.house - other.house).map(memberOf),
    );
    if (isSame(next, newest)) return newest;
    if (next.homes.length < fewestHomes) return undefined;
    this.#write(() => {
      this.rosters.push(next);
      this.#seen = seenWith(this.#seen, next);
    });
    publish(next);
    return next;
  }

  /** What every member of the roster will check of it. */
  #passes({ house, nth, sequence }: ShownKey): boolean {
    const seen = this.#seen.get(homeOf(house));
    if (seen === undefined || sequence > seen.sequence) return true;
    return sequence === seen.sequence && sameBytes(seen.key, this.#street.secret(house, nth).publicKey);
  }

  #write(work: () => void): void {
    this.#power.effect();
    work();
    this.#power.effect();
  }
}

const memberOf = ({ house, gateway, nth, sequence }: ShownKey): Member => ({ house, gateway, nth, sequence });

function isSame(one: AcceptedRoster, other: AcceptedRoster): boolean {
  return (
    one.homes.length === other.homes.length &&
    one.homes.every((home, at) => {
      const before = other.homes[at];
      return (
        before !== undefined &&
        home.id === before.id &&
        sameBytes(home.agreement, before.agreement) &&
        sameBytes(home.identity, before.identity)
      );
    })
  );
}
