/**
 * Cohorts with real keys, made once for all worlds: rosters of whatever keys their homes have come to have, pair keys,
 * and the rounds that a world may announce. Meters read powers of four, so that a sum tells which homes are in it.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { OwnTensor } from '../../agent/policy/own-tensor.ts';
import { type AgreementSecret, generateAgreement } from '../../broker/protocol/agreement.ts';
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import type { AcceptedRoster, SeenKey } from '../../broker/protocol/roster.ts';
import { checkAnnounce, makeAnnounce, type Round } from '../../broker/protocol/round.ts';
import { defaultSharing } from '../../broker/protocol/sharing.ts';
import { generateSigningKey, type SigningKey } from '../../broker/protocol/signing.ts';

export const hour = 3_600_000;
export const start = epochMs(Date.parse('2027-01-02T00:00:00Z'));
/** Of the keys that the first roster names. */
export const firstSequence = start / 1000 - 3600;
export const cohort = 'oak-street';
const step = 6 * hour;
const slots = 4;

/** A gateway that a house had, and an agreement key of it: both counted from 0, over all that the house ever had. */
export interface Member {
  readonly house: number;
  readonly gateway: number;
  readonly nth: number;
  readonly sequence: number;
}

/** By home id: never changed in place, so that homes which have seen the same share it. */
export type KeysSeen = ReadonlyMap<string, SeenKey>;

export interface Street {
  readonly key: SigningKey;
  /** Houses, 1..n. */
  readonly houses: number;
  /** The first epoch's, which everybody has accepted. */
  readonly roster: AcceptedRoster;
  /** By whoever has accepted it. */
  readonly seen: KeysSeen;
  identity(house: number, gateway: number): Uint8Array;
  secret(house: number, nth: number): AgreementSecret;
  rosterOf(epoch: number, members: readonly Member[]): AcceptedRoster;
  rosterNamed(hash: Uint8Array): AcceptedRoster;
  /** One of those that may be announced; each once in a world. */
  round(plan: number, roster: AcceptedRoster): Round;
}

/** What a round asks for: the first slot of its grid, counted from the first metered one, and the tag. */
interface Plan {
  readonly first: number;
  readonly count: number;
  readonly tag: string;
}

/** Overlapping in hours, in meters, in both; the last one's hours are not over when the world begins. */
export const plans: readonly Plan[] = [
  { first: 0, count: 2, tag: '#all' },
  { first: 2, count: 2, tag: '#all' },
  { first: 1, count: 2, tag: '#cellar' },
  { first: 0, count: 1, tag: '#attic' },
  { first: 0, count: 1, tag: '#cellar' },
  { first: 3, count: 2, tag: '#all' },
];

export function gridOf(first: number, count: number): Grid {
  return { from: start - slots * step + first * step, step, slots: count };
}

/** Of each home: two meters, of which a round may ask for one or both. */
export const tensors: readonly OwnTensor[] = ['cellar', 'attic'].map((id) => ({
  id,
  tags: ['#all', `#${id}`],
  quantity: 'energyImport',
  unit: 'Wh',
  capacity: [1, 5],
  source: { device: id, families: ['import'] },
  device: id,
  ancestors: [],
  published: true,
  shown: true,
  consentFrom: 0,
}));

/** In Wh. */
export function reading(house: number, tensor: string, from: number): number {
  const slot = (from - gridOf(0, 1).from) / step;
  return (slot + 1) * 4 ** house * (tensor === 'attic' ? 2 : 1);
}

export const homeOf = (house: number): string => `home-${house}`;
export const houseOf = (home: string): number => Number(home.slice('home-'.length));

/** What the sum has to be, worked out from the readings. */
export function truth({ announce, roster }: Round, contributors: readonly number[]): number[] {
  const { grid, query } = announce;
  const asked = tensors.filter(({ tags }) => query.tags.every((tag) => tags.includes(tag)));
  const houses = contributors.map((index) => houseOf(roster.homes[index - 1]?.id ?? ''));
  return Array.from({ length: grid.slots }, (_, slot) =>
    houses
      .flatMap((house) => asked.map(({ id }) => reading(house, id, grid.from + slot * grid.step)))
      .reduce((sum, each) => sum + each, 0),
  );
}

/** @param dropouts in rosters of all houses; by default, and in smaller ones, as the protocol would choose */
export function makeStreet(houses: number, minimum: number, dropouts?: number): Street {
  const key = generateSigningKey();
  const identities = kept((_name: string) => randomBytes(32));
  const secrets = kept((_name: string) => remembering(generateAgreement()));
  const rostersByHash = new Map<string, AcceptedRoster>();
  const secret = (house: number, nth: number) => secrets(`${house}/${nth}`);
  const identity = (house: number, gateway: number) => identities(`${house}/${gateway}`);
  const rosters = kept((text: string) => {
    const { epoch, members } = JSON.parse(text) as { epoch: number; members: Member[] };
    const homes = members.map(({ house, gateway, nth, sequence }, at) => ({
      ...{ index: at + 1, id: homeOf(house), identity: identity(house, gateway) },
      ...{ agreement: secret(house, nth).publicKey, sequence },
    }));
    const hash = createHash('sha256').update(text).digest();
    const roster = { cohort, epoch, hash, homes };
    rostersByHash.set(toHex(hash), roster);
    return roster;
  });
  const rosterOf = (epoch: number, members: readonly Member[]) => rosters(JSON.stringify({ epoch, members }));
  const first = Array.from({ length: houses }, (_, at) => ({
    house: at + 1,
    gateway: 0,
    nth: 0,
    sequence: firstSequence,
  }));
  const roster = rosterOf(1, first);
  const rounds = keptFor((_roster: AcceptedRoster) => new Map<number, Round>());
  return {
    ...{ key, houses, identity, secret, rosterOf, roster, seen: seenWith(new Map(), roster) },
    rosterNamed: (hash) => {
      const named = rostersByHash.get(toHex(hash));
      if (named === undefined) throw new RangeError('no roster has that hash');
      return named;
    },
    round: (plan, among) =>
      once(rounds(among), plan, () => {
        const { first: slot, count, tag } = plans[plan % plans.length] as Plan;
        const { length } = among.homes;
        const all = length === houses && dropouts !== undefined;
        const sharing = all ? { dropouts, packing: 1 } : defaultSharing(length);
        return announce({ key, roster: among }, { grid: gridOf(slot, count), tag, minimum, ...sharing });
      }),
  };
}

export interface Asked {
  readonly grid: Grid;
  readonly tag: string;
  readonly minimum: number;
  readonly dropouts: number;
  readonly packing: number;
}

export function announce({ key, roster }: Pick<Street, 'key' | 'roster'>, asked: Asked): Round {
  const { tag, ...fields } = asked;
  const signed = makeAnnounce(key, {
    id: randomBytes(16),
    cohort: roster.cohort,
    roster: roster.hash,
    query: { tags: [tag], quantity: 'energyImport', unit: 'Wh' },
    resolution: [1, 0],
    limit: 10_000_000,
    statistics: {},
    deadline: start + 12 * hour,
    expiry: start + 36 * hour,
    ...fields,
  });
  return checkAnnounce(signed, {
    coordinator: key.publicKey,
    cohort: roster.cohort,
    now: start as EpochMs,
    // Small streets withstand few: what the bound is worth is shown where its rank is.
    collusionDivisor: Number.POSITIVE_INFINITY,
    roster: () => roster,
  });
}

export function seenWith(seen: KeysSeen, { homes }: AcceptedRoster): KeysSeen {
  const newer = homes.filter(({ id, sequence }) => sequence > (seen.get(id)?.sequence ?? -1));
  if (newer.length === 0) return seen;
  return new Map([...seen, ...newer.map(({ id, sequence, agreement: key }) => [id, { sequence, key }] as const)]);
}

/** Worlds come by the thousand, and most keys and rosters in them are those of another. */
function kept<Out>(make: (name: string) => Out): (name: string) => Out {
  const made = new Map<string, Out>();
  return (name) => once(made, name, () => make(name));
}

/** Agrees with a key once, as the same object. */
function remembering(secret: AgreementSecret): AgreementSecret {
  const agreed = new Map<Uint8Array, Uint8Array>();
  return { ...secret, with: (other) => once(agreed, other, () => secret.with(other)) };
}

function keptFor<Of extends object, Out>(make: (of: Of) => Out): (of: Of) => Out {
  const made = new WeakMap<Of, Out>();
  return (of) => {
    const known = made.get(of) ?? make(of);
    made.set(of, known);
    return known;
  };
}

function once<Key, Out>(made: Map<Key, Out>, key: Key, make: () => Out): Out {
  const known = made.get(key) ?? make();
  made.set(key, known);
  return known;
}
