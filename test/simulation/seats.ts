/**
 * A simulated home's places in rosters: the real ones, over a disk that is a few maps. A roster's hash stands for its
 * signed bytes; what follows on what is the real rule's to say.
 */
import { Seats } from '../../agent/rounds/seats.ts';
import type { EpochMs } from '../../broker/protocol/clock.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import { type AcceptedRoster, assertEpoch, assertSequence, type RosterContext } from '../../broker/protocol/roster.ts';
import type { KeyDisk, SimulatedKeys } from './keys.ts';
import type { Power } from './power.ts';
import { cohort, homeOf, type KeysSeen, type Street, seenWith } from './street.ts';

export interface SeatDisk extends KeyDisk {
  seen: KeysSeen;
}

export interface SeatParts {
  readonly street: Street;
  readonly house: number;
  readonly gateway: number;
  readonly keys: SimulatedKeys;
  readonly power: Power;
  readonly disk: () => SeatDisk;
}

/** With nothing in memory yet. */
export function seatsOf({ street, house, gateway, keys, power, disk }: SeatParts): Seats {
  return new Seats({
    store: {
      roster: (hash) => {
        const stored = disk().rosters.get(hash);
        const { roster, acceptedAt } = stored ?? {};
        return (
          roster && { signed: roster.hash, forgotten: false, epoch: roster.epoch, acceptedAt: acceptedAt as EpochMs }
        );
      },
      epochsOf: () => new Map([...disk().rosters.values()].map(({ roster: { epoch, hash } }) => [epoch, hash])),
      keysSeen: () => new Map(disk().seen),
      keepRoster: (roster, _signed, own, acceptedAt) => {
        power.effect();
        keepRoster(disk(), roster, own, acceptedAt);
        power.effect();
      },
    },
    checkRoster: (signed, { epochs, seen }: RosterContext) => {
      const roster = street.rosterNamed(signed);
      assertEpoch(roster, epochs);
      if (!epochs.has(roster.epoch)) for (const home of roster.homes) assertSequence(home, seen);
      return roster;
    },
    home: homeOf(house),
    identity: street.identity(house, gateway),
    keys,
    cohort,
    authority: new Uint8Array(),
    coordinator: street.key.publicKey,
    mostHomes: Number.POSITIVE_INFINITY,
  });
}

/** @param own sequence of the key that it names this home with */
export function keepRoster(disk: SeatDisk, roster: AcceptedRoster, own: number, acceptedAt: EpochMs): void {
  disk.rosters.set(toHex(roster.hash), { roster, own, acceptedAt });
  disk.seen = seenWith(disk.seen, roster);
}
