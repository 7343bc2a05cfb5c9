/**
 * The reading plan of one device, as it is learnt what this one lacks of what its profile has.
 */

import type { ModbusProfile, Register } from '../profiles/modbus-profile.ts';
import { type LineTime, type Place, planReads } from './read-plan.ts';
import { registersOf } from './register.ts';
import type { Block } from './rtu-client.ts';

export class DevicePlan {
  readonly #profile: ModbusProfile;
  readonly #time: LineTime;
  readonly #absent = new Set<Register>();
  /** Optional ones that were part of a block that was refused: each is asked for by itself. */
  readonly #alone = new Set<Register>();
  #largestHole: number;
  #blocks: readonly Block[];

  constructor(profile: ModbusProfile, time: LineTime) {
    this.#profile = profile;
    this.#time = time;
    this.#largestHole = profile.reading.largestHole;
    this.#blocks = this.#plan();
  }

  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  get registers(): readonly Register[] {
    return this.#profile.registers.filter((register) => !this.#absent.has(register));
  }

  /**
   * The device has not all the registers of a block.
   * @returns those that it is now known to lack; undefined where it has to have them all
   */
  refused(block: Block): readonly Register[] | undefined {
    const inside = this.registers.filter((register) => placesOf(register).some((place) => isIn(place, block)));
    const gone = this.#learn(block, inside);
    if (gone !== undefined) this.#blocks = this.#plan();
    return gone;
  }

  #learn(block: Block, inside: readonly Register[]): readonly Register[] | undefined {
    const named = new Set(inside.flatMap((register) => placesOf(register).flatMap(addressesOf)));
    if (named.size < block.count && this.#largestHole > 0) {
      // It does not put up with holes, whatever is said of its kind.
      this.#largestHole = 0;
      return [];
    }
    const optional = inside.filter((register) => register.optional);
    const [only] = optional;
    if (only === undefined) return undefined;
    if (inside.length === 1) {
      this.#absent.add(only);
      return [only];
    }
    for (const register of optional) this.#alone.add(register);
    return [];
  }

  #plan(): Block[] {
    const limits = { longest: this.#profile.reading.longest, largestHole: this.#largestHole };
    const together = this.registers.filter((register) => !this.#alone.has(register));
    const apart = this.registers.filter((register) => this.#alone.has(register));
    return [
      ...planReads(together.flatMap(placesOf), limits, this.#time),
      ...apart.flatMap((register) => planReads(placesOf(register), { ...limits, largestHole: 0 }, this.#time)),
    ];
  }
}

export function placesOf({ kind, at, type, minus }: Register): Place[] {
  return [{ kind, at, type }, ...(minus === undefined ? [] : [{ kind, at: minus, type }])];
}

function isIn(place: Place, block: Block): boolean {
  return (
    place.kind === block.kind && place.at >= block.at && place.at + registersOf(place.type) <= block.at + block.count
  );
}

function addressesOf({ at, type }: Place): number[] {
  return Array.from({ length: registersOf(type) }, (_, index) => at + index);
}
