/**
 * The rosters of the cohorts: made of the approved homes that pass the homes' own checks, stored, then published.
 */
import type { Logger } from 'pino';
import type { Authority } from '../enrolment/authority.ts';
import type { ApprovedHome, HomeDirectory } from '../enrolment/home-directory.ts';
import { BrokerError } from '../errors.ts';
import type { Link } from '../mqtt/link.ts';
import { readNames } from '../protocol/certificate.ts';
import type { Clock, EpochMs } from '../protocol/clock.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { sameBytes, toHex } from '../protocol/hex.ts';
import { decodeSigned } from '../protocol/message.ts';
import { MemberList, Roster } from '../protocol/messages.ts';
import {
  type CheckedHome,
  type CheckedRoster,
  checkRoster,
  checkRosterEntry,
  makeRoster,
  type RosterContext,
  type RosterEntry,
  type SeenKey,
} from '../protocol/roster.ts';
import type { SigningKey } from '../protocol/signing.ts';
import { topicOf } from '../protocol/topics.ts';
import { RoundError } from './errors.ts';
import type { RosterStore, StoredRoster } from './roster-store.ts';
import type { PublishedRoster } from './rounds.ts';

export interface RostersParts {
  readonly store: RosterStore;
  readonly authority: Authority;
  readonly homes: HomeDirectory;
  readonly key: SigningKey;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Logger;
}

type Listed = Omit<CheckedHome, 'index'>;
type LeftOut = PublishedRoster['leftOut'];

const fewestHomes = 3;
const mostHomes = 2500;

export class Rosters {
  readonly #parts: RostersParts;
  /** By hash, in hex. */
  readonly #accepted = new Map<string, CheckedRoster>();
  /** Those that the broker is just told to take back. */
  readonly #clearing = new Set<string>();

  constructor(parts: RostersParts) {
    this.#parts = parts;
  }

  /**
   * Publishes the next epoch of a cohort. A home that would stop the others is left out.
   * @throws {RoundError} ROSTER_TOO_FEW_HOMES, ROSTER_TOO_MANY_HOMES
   * @throws {BrokerError} COHORT_UNKNOWN
   */
  async publish(cohort: string): Promise<PublishedRoster> {
    const { store, key, log } = this.#parts;
    const context = this.#contextOf(cohort, store.seenKeys());
    const { listed, leftOut } = this.#sort(cohort, context);
    if (listed.length + leftOut.length === 0) throw new BrokerError('COHORT_UNKNOWN', { cohort, hint: '' });
    assertSize(cohort, listed, leftOut);
    const { epoch, members } = this.#sign(cohort, listed, context);
    const { signed } = makeRoster(key, { cohort, epoch, members, homes: listed.map(({ entry }) => entry) });
    const roster = checkRoster(signed, context);
    store.insert(roster, signed, context.now);
    const hash = toHex(roster.hash);
    this.#accepted.set(hash, roster);
    log.info({ cohort, epoch, homes: roster.homes.length, leftOut }, 'roster published');
    await this.#publish({ cohort, hash: roster.hash, signed });
    await this.clearUnused();
    return { cohort, epoch, hash, homes: roster.homes.map((home) => home.id), leftOut };
  }

  /**
   * The newest roster, of the homes and keys as they are now: where they have changed, the next epoch is published.
   * The first one is the operator's to publish: when the cohort is whole, nobody else knows.
   * @throws {RoundError} ROSTER_TOO_FEW_HOMES, ROSTER_TOO_MANY_HOMES
   */
  async upToDate(cohort: string): Promise<CheckedRoster | undefined> {
    const newest = this.newest(cohort);
    if (newest === undefined || !this.#isStale(newest)) return newest;
    await this.publish(cohort);
    return this.newest(cohort);
  }

  /** Why approved homes would be in no roster that were made now. */
  leftOut(cohorts: readonly string[]): LeftOut {
    const seen = this.#parts.store.seenKeys();
    return cohorts.flatMap((cohort) => this.#sort(cohort, this.#contextOf(cohort, seen)).leftOut);
  }

  newest(cohort: string): CheckedRoster | undefined {
    const stored = this.#parts.store.newest(cohort);
    return stored && this.#accept(stored);
  }

  /** A roster of that hash that was published at some time. */
  get(hash: Uint8Array): CheckedRoster {
    return this.#accepted.get(toHex(hash)) ?? this.#accept(this.#parts.store.get(hash));
  }

  /** For a new connection: the broker may have lost what it acknowledged. */
  async publishRetained(): Promise<void> {
    const { store } = this.#parts;
    for (const { hash } of store.inUse()) await this.#publish(store.get(hash));
    const clearedLately = store.clearedLately();
    await this.clearUnused();
    for (const roster of clearedLately) await this.#publish({ ...roster, signed: '' });
  }

  /** Each once; one that the broker does not acknowledge, again. */
  async clearUnused(): Promise<void> {
    const { store, clock } = this.#parts;
    for (const { cohort, hash } of store.toClear()) {
      const name = toHex(hash);
      if (this.#clearing.has(name)) continue;
      this.#accepted.delete(name);
      this.#clearing.add(name);
      const isCleared = await this.#publish({ cohort, hash, signed: '' });
      this.#clearing.delete(name);
      if (isCleared) store.markCleared(hash, clock.now());
    }
  }

  /** The homes of a roster that was published at some time, by index; of one that is over, nothing more is kept in memory. */
  homeIds(hash: Uint8Array): readonly string[] {
    const accepted = this.#accepted.get(toHex(hash));
    if (accepted !== undefined) return accepted.homes.map(({ id }) => id);
    const { members } = Roster.decode(decodeSigned(this.#parts.store.get(hash).signed, Roster.type).payload);
    return MemberList.decode(decodeSigned(members, MemberList.type).payload).homes;
  }

  /** Whether another roster would come out now. */
  #isStale({ cohort, homes }: CheckedRoster): boolean {
    const { listed } = this.#sort(cohort, this.#contextOf(cohort, this.#parts.store.seenKeys()));
    return listed.length !== homes.length || listed.some((home, at) => !isSame(home.entry, homes[at]?.entry));
  }

  #contextOf(cohort: string, seen: ReadonlyMap<string, SeenKey>): RosterContext {
    const { store, key, authority, clock } = this.#parts;
    const keys = { coordinator: key.publicKey, authority: authority.publicKey };
    return { ...keys, cohort, now: clock.now(), seen, epochs: store.epochs(cohort) };
  }

  #publish(roster: { cohort: string; hash: Uint8Array; signed: Uint8Array | string }): Promise<boolean> {
    const { link } = this.#parts;
    const topic = topicOf(link.prefix, 'roster', { cohort: roster.cohort, hash: toHex(roster.hash) });
    return link.publish(topic, roster.signed, { retain: true });
  }

  #accept(stored: StoredRoster): CheckedRoster {
    const known = this.#accepted.get(toHex(stored.hash));
    if (known !== undefined) return known;
    const roster = checkRoster(stored.signed, {
      coordinator: this.#parts.key.publicKey,
      authority: this.#parts.authority.publicKey,
      cohort: stored.cohort,
      now: stored.publishedAt,
      seen: new Map(),
      epochs: new Map([[stored.epoch, stored.hash]]),
    });
    this.#accepted.set(toHex(stored.hash), roster);
    return roster;
  }

  /** The approved homes that a roster can list, ascending by id, and why it cannot list the others. */
  #sort(cohort: string, context: RosterContext): { listed: readonly Listed[]; leftOut: LeftOut } {
    const before = new Map(this.newest(cohort)?.homes.map((home) => [home.id, home]));
    const leftOut: LeftOut = [];
    const checked = this.#parts.homes.approved(cohort).flatMap((home) => {
      const known = before.get(home.home);
      const found = known !== undefined && isListed(home, known, context.now) ? known : check(home, context);
      if (typeof found !== 'string') return [found];
      leftOut.push({ home: home.home, why: found });
      return [];
    });
    const listed = withoutCopies(checked, context.seen, leftOut);
    return { listed, leftOut };
  }

  /** An epoch that was signed and then not published, because of a power cut, is passed over. */
  #sign(cohort: string, listed: readonly Listed[], { epochs }: RosterContext): { epoch: number; members: Uint8Array } {
    const ids = listed.map(({ id }) => id);
    for (let epoch = Math.max(0, ...epochs.keys()) + 1; ; epoch += 1) {
      try {
        return { epoch, members: this.#parts.authority.signMembers(cohort, epoch, ids) };
      } catch (error) {
        if (!(error instanceof BrokerError) || error.code !== 'EPOCH_TAKEN') throw error;
      }
    }
  }
}

/** @throws {RoundError} ROSTER_TOO_FEW_HOMES, ROSTER_TOO_MANY_HOMES */
function assertSize(cohort: string, { length: homes }: readonly Listed[], leftOut: LeftOut): void {
  const why = leftOut.map((left) => `; ${left.home}: ${left.why}`).join('');
  if (homes < fewestHomes) throw new RoundError('ROSTER_TOO_FEW_HOMES', { cohort, homes, leftOut: why });
  if (homes > mostHomes) throw new RoundError('ROSTER_TOO_MANY_HOMES', { cohort, homes, most: mostHomes });
}

/** Whether all that was checked for the roster it is in holds still: of a thousand homes, few change. */
function isListed({ home, cohort, certificate, agreementKey }: ApprovedHome, known: Listed, now: EpochMs): boolean {
  if (agreementKey === undefined || !isSame({ certificate, agreement: agreementKey }, known.entry)) return false;
  const { from, until } = readNames(certificate, home, cohort);
  return from <= now && now <= until;
}

/** A certificate that was renewed makes another roster: the old one in it would keep out whoever has yet to accept it. */
function isSame(one: RosterEntry, other: RosterEntry | undefined): boolean {
  return (
    other !== undefined && sameBytes(one.certificate, other.certificate) && sameBytes(one.agreement, other.agreement)
  );
}

/** @returns what a roster lists of the home, or why it cannot */
function check({ home, certificate, agreementKey }: ApprovedHome, context: RosterContext): Listed | string {
  if (agreementKey === undefined) return 'no agreement key has come from it yet';
  try {
    return checkRosterEntry({ certificate, agreement: agreementKey }, home, context);
  } catch (error) {
    if (error instanceof ProtocolError) return error.message;
    throw error;
  }
}

/**
 * Two homes with one agreement key would stop the whole roster. Anyone can copy a public key: the home that an earlier
 * roster named with it keeps it.
 */
function withoutCopies(homes: readonly Listed[], seen: ReadonlyMap<string, SeenKey>, leftOut: LeftOut): Listed[] {
  const holders = new Map<string, string[]>();
  for (const { id, agreement } of homes) {
    const key = toHex(agreement);
    holders.set(key, [...(holders.get(key) ?? []), id]);
  }
  return homes.filter(({ id, agreement }) => {
    const others = (holders.get(toHex(agreement)) ?? []).filter((holder) => holder !== id);
    const before = seen.get(id);
    if (others.length === 0 || (before !== undefined && sameBytes(before.key, agreement))) return true;
    leftOut.push({ home: id, why: `its agreement key is also that of ${others.join(', ')}` });
    return false;
  });
}
