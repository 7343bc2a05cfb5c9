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
import { AgreementKey, Roster } from '../protocol/messages.ts';
import {
  type AcceptedRoster,
  checkRoster,
  checkRosterEntry,
  makeRoster,
  type RosterContext,
  type RosterHome,
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
  /** By home id: why it is in no roster, as it was when the last one was looked for. */
  readonly leftOut: Map<string, string>;
  readonly key: SigningKey;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Entry {
  readonly home: Omit<RosterHome, 'index'>;
  readonly certificate: Uint8Array;
  readonly agreement: Uint8Array;
}

type LeftOut = PublishedRoster['leftOut'];

const fewestHomes = 3;
const mostHomes = 2500;

export class Rosters {
  readonly #parts: RostersParts;
  /** By hash, in hex. */
  readonly #accepted = new Map<string, AcceptedRoster>();

  constructor(parts: RostersParts) {
    this.#parts = parts;
  }

  /**
   * Publishes the next epoch of a cohort. A home that would stop the others is left out.
   * @throws {RoundError} ROSTER_TOO_FEW_HOMES, ROSTER_TOO_MANY_HOMES
   * @throws {BrokerError} COHORT_UNKNOWN
   */
  async publish(cohort: string): Promise<PublishedRoster> {
    const { store, key, clock, log } = this.#parts;
    const now = clock.now();
    const context = this.#contextOf(cohort, now, store.seenKeys());
    const { entries, leftOut } = this.#entries(cohort, context);
    const { epoch, members } = this.#sign(cohort, entries, context);
    const { signed } = makeRoster(key, { cohort, epoch, members, homes: entries });
    const roster = checkRoster(signed, context);
    store.insert(roster, signed, now);
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
  async upToDate(cohort: string): Promise<AcceptedRoster | undefined> {
    const newest = this.newest(cohort);
    if (newest === undefined || !this.#isStale(newest)) return newest;
    await this.publish(cohort);
    return this.newest(cohort);
  }

  newest(cohort: string): AcceptedRoster | undefined {
    const stored = this.#parts.store.newest(cohort);
    return stored && this.#accept(stored);
  }

  /** A roster of that hash that was published at some time. */
  get(hash: Uint8Array): AcceptedRoster {
    return this.#accepted.get(toHex(hash)) ?? this.#accept(this.#parts.store.get(hash));
  }

  /** For a new connection: the broker may have lost what it acknowledged. */
  async publishRetained(): Promise<void> {
    for (const roster of this.#parts.store.inUse()) await this.#publish(roster);
    await this.clearUnused();
    for (const roster of this.#parts.store.toClear()) this.#parts.store.markCleared(roster.hash);
  }

  /** Once more at the next connect, as this may not arrive. */
  async clearUnused(): Promise<void> {
    for (const { cohort, hash } of this.#parts.store.toClear()) {
      this.#accepted.delete(toHex(hash));
      await this.#publish({ cohort, hash, signed: '' });
    }
  }

  /** Whether another roster would come out now. The quick look first: of a thousand homes, few change. */
  #isStale(newest: AcceptedRoster): boolean {
    const { clock, homes, store } = this.#parts;
    const now = clock.now();
    const listed = listedIn(newest, store.get(newest.hash).signed);
    const sent = homes.approved(newest.cohort).filter(({ agreementKey }) => agreementKey !== undefined);
    if (sent.length === listed.size && sent.every((home) => isListed(home, listed.get(home.home), now))) return false;
    // Nothing is made of homes that are kept out.
    const seen = store.seenKeys();
    const { entries } = this.#entries(newest.cohort, this.#contextOf(newest.cohort, now, seen));
    return entries.length !== listed.size || entries.some((entry) => !isSame(entry, listed.get(entry.home.id)));
  }

  #contextOf(cohort: string, now: EpochMs, seen: ReadonlyMap<string, SeenKey>): RosterContext {
    const { store, key, authority } = this.#parts;
    const keys = { coordinator: key.publicKey, authority: authority.publicKey };
    return { ...keys, cohort, now, seen, epochs: store.epochs(cohort) };
  }

  async #publish(roster: { cohort: string; hash: Uint8Array; signed: Uint8Array | string }): Promise<void> {
    const { link } = this.#parts;
    const topic = topicOf(link.prefix, 'roster', { cohort: roster.cohort, hash: toHex(roster.hash) });
    await link.publish(topic, roster.signed, { retain: true });
  }

  #accept(stored: StoredRoster): AcceptedRoster {
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

  #entries(cohort: string, context: RosterContext): { entries: readonly Entry[]; leftOut: LeftOut } {
    const approved = this.#parts.homes.approved(cohort);
    if (approved.length === 0) throw new BrokerError('COHORT_UNKNOWN', { cohort, hint: '' });
    const leftOut: LeftOut = [];
    const checked = approved.flatMap((home) => {
      const entry = entryOf(home, context);
      if (typeof entry !== 'string') return [entry];
      leftOut.push({ home: home.home, why: entry });
      return [];
    });
    const entries = withoutCopies(checked, context.seen, leftOut);
    for (const { home } of approved) this.#parts.leftOut.delete(home);
    for (const { home, why } of leftOut) this.#parts.leftOut.set(home, why);
    const homes = entries.length;
    const why = leftOut.map((left) => `; ${left.home}: ${left.why}`).join('');
    if (homes < fewestHomes) throw new RoundError('ROSTER_TOO_FEW_HOMES', { cohort, homes, leftOut: why });
    if (homes > mostHomes) throw new RoundError('ROSTER_TOO_MANY_HOMES', { cohort, homes, most: mostHomes });
    return { entries, leftOut };
  }

  /** An epoch that was signed and then not published, because of a power cut, is passed over. */
  #sign(cohort: string, entries: readonly Entry[], { epochs }: RosterContext): { epoch: number; members: Uint8Array } {
    const ids = entries.map((entry) => entry.home.id);
    for (let epoch = Math.max(0, ...epochs.keys()) + 1; ; epoch += 1) {
      try {
        return { epoch, members: this.#parts.authority.signMembers(cohort, epoch, ids) };
      } catch (error) {
        if (!(error instanceof BrokerError) || error.code !== 'EPOCH_TAKEN') throw error;
      }
    }
  }
}

type Listed = Pick<Entry, 'home' | 'certificate'>;

/** The homes of a roster that was published, by id, with the certificates in it. */
function listedIn({ homes }: AcceptedRoster, signed: Uint8Array): ReadonlyMap<string, Listed> {
  const entries = Roster.decode(decodeSigned(signed, Roster.type).payload).homes;
  return new Map(
    homes.map((home, at) => [home.id, { home, certificate: entries[at]?.certificate ?? new Uint8Array() }]),
  );
}

/** As the home has been approved and has sent its key since, with a certificate that is valid. */
function isListed(sent: ApprovedHome, listed: Listed | undefined, now: EpochMs): boolean {
  if (sent.agreementKey === undefined) return false;
  const { key, sequence } = AgreementKey.decode(decodeSigned(sent.agreementKey, AgreementKey.type).payload);
  const { from, until } = readNames(sent.certificate, sent.home, sent.cohort);
  const home = { id: sent.home, identity: sent.identity, agreement: key, sequence };
  return from <= now && now <= until && isSame({ home, certificate: sent.certificate }, listed);
}

/** A certificate that was renewed makes another roster: the old one in it would keep out whoever has yet to accept it. */
function isSame(one: Listed, other: Listed | undefined): boolean {
  return (
    other !== undefined &&
    one.home.sequence === other.home.sequence &&
    sameBytes(one.home.identity, other.home.identity) &&
    sameBytes(one.home.agreement, other.home.agreement) &&
    sameBytes(one.certificate, other.certificate)
  );
}

/** @returns the entry, or why the home is left out */
function entryOf(home: ApprovedHome, context: RosterContext): Entry | string {
  const { certificate, agreementKey } = home;
  if (agreementKey === undefined) return 'no agreement key has come from it yet';
  try {
    const checked = checkRosterEntry({ certificate, agreement: agreementKey }, home.home, context);
    return { home: checked, certificate, agreement: agreementKey };
  } catch (error) {
    if (error instanceof ProtocolError) return error.message;
    throw error;
  }
}

/**
 * Two homes with one agreement key would stop the whole roster. Anyone can copy a public key: the home that an earlier
 * roster named with it keeps it.
 */
function withoutCopies(entries: readonly Entry[], seen: ReadonlyMap<string, SeenKey>, leftOut: LeftOut): Entry[] {
  return entries.filter(({ home }) => {
    const others = entries.filter(
      (other) => other.home.id !== home.id && sameBytes(other.home.agreement, home.agreement),
    );
    const before = seen.get(home.id);
    if (others.length === 0 || (before !== undefined && sameBytes(before.key, home.agreement))) return true;
    leftOut.push({
      home: home.id,
      why: `its agreement key is also that of ${others.map((other) => other.home.id).join(', ')}`,
    });
    return false;
  });
}
