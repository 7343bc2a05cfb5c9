/**
 * The roster of a cohort's epoch: who takes part, with which keys. Made by the coordinator, checked by everyone.
 */
import { createHash } from 'node:crypto';
import { assertAgreementKey } from './agreement.ts';
import { readCertificate, readNames } from './certificate.ts';
import type { EpochMs } from './clock.ts';
import { ProtocolError } from './errors.ts';
import { sameBytes, toHex } from './hex.ts';
import { decodeSigned } from './message.ts';
import { AgreementKey, MemberList, Roster } from './messages.ts';
import { openSigned, type SigningKey, signMessage } from './signing.ts';

export interface RosterHome {
  /** 1..n, the position in the roster. */
  readonly index: number;
  readonly id: string;
  /** Ed25519 public key. */
  readonly identity: Uint8Array;
  /** X25519 public key. */
  readonly agreement: Uint8Array;
  /** Of the agreement key. */
  readonly sequence: number;
}

export interface AcceptedRoster {
  readonly cohort: string;
  readonly epoch: number;
  /** Names the roster. */
  readonly hash: Uint8Array;
  readonly homes: readonly RosterHome[];
}

/** With what each home's part of it is as sent. */
export interface CheckedRoster extends AcceptedRoster {
  readonly homes: readonly CheckedHome[];
}

export interface CheckedHome extends RosterHome {
  readonly entry: RosterEntry;
}

/** What a party knows when it checks a roster. */
export interface RosterContext {
  readonly coordinator: Uint8Array;
  readonly authority: Uint8Array;
  readonly cohort: string;
  readonly now: EpochMs;
  /** By home id: the newest agreement key seen. */
  readonly seen: ReadonlyMap<string, SeenKey>;
  /** By epoch of this cohort: the hash of the roster accepted for it. */
  readonly epochs: ReadonlyMap<number, Uint8Array>;
}

export interface SeenKey {
  readonly sequence: number;
  readonly key: Uint8Array;
}

/**
 * Every check that does not ask who is checking: a home still has to find itself in it, and its size acceptable.
 * A roster accepted before passes again whatever the time and the sequences seen since.
 * @throws {ProtocolError} ROSTER_REFUSED, CERTIFICATE_REFUSED, KEY_REFUSED, SIGNATURE_INVALID, MESSAGE_*
 */
export function checkRoster(signed: Uint8Array, context: RosterContext): CheckedRoster {
  const { fields, payload } = openSigned(Roster, context.coordinator, signed, 'the coordinator');
  const hash = rosterHash(payload);
  const refuse = refuser(fields);
  if (fields.cohort !== context.cohort) throw refuse('it is of another cohort', 'cohort');
  assertEpoch({ ...fields, hash }, context.epochs);
  const ids = memberIds(fields, context.authority);
  // The hash covers every byte that was checked when this roster was accepted.
  const read = context.epochs.has(fields.epoch) ? readRosterEntry : checkRosterEntry;
  const homes = fields.homes.map((entry, at) => ({ index: at + 1, ...read(entry, ids[at] ?? '', context) }));
  assertUnique(homes, refuse);
  return { cohort: fields.cohort, epoch: fields.epoch, hash, homes };
}

/**
 * One home's part of a roster. Enrolment and coordinator ask the same, so that a bad entry is kept out by itself.
 * @throws {ProtocolError} CERTIFICATE_REFUSED, KEY_REFUSED, ROSTER_REFUSED, SIGNATURE_INVALID, MESSAGE_*
 */
export function checkRosterEntry(
  entry: RosterEntry,
  home: string,
  context: Pick<RosterContext, 'authority' | 'cohort' | 'now' | 'seen'>,
): Omit<CheckedHome, 'index'> {
  const { authority, cohort, now } = context;
  const { identity } = readCertificate(entry.certificate, { authority, home, cohort, now });
  const { fields } = openSigned(AgreementKey, identity, entry.agreement, home);
  if (fields.home !== home) throw keyRefused(home, 'it names another home', 'agreement-key');
  assertAgreementKey(fields.key, home);
  const read = { id: home, identity, agreement: fields.key, sequence: fields.sequence, entry };
  assertSequence(read, context.seen);
  return read;
}

/**
 * One roster for each epoch, and none of a lower epoch than one accepted.
 * @throws {ProtocolError} ROSTER_REFUSED
 */
export function assertEpoch(
  roster: Pick<AcceptedRoster, 'cohort' | 'epoch' | 'hash'>,
  accepted: RosterContext['epochs'],
): void {
  const refuse = refuser(roster);
  const known = accepted.get(roster.epoch);
  if (known !== undefined) {
    if (sameBytes(known, roster.hash)) return;
    throw refuse('another roster was accepted for this epoch', 'second-hash');
  }
  if ([...accepted.keys()].some((epoch) => epoch > roster.epoch)) {
    throw refuse('a higher epoch was accepted', 'lower-epoch');
  }
}

/**
 * No agreement key older than one seen of that home, and none beside it.
 * @throws {ProtocolError} KEY_REFUSED
 */
export function assertSequence(
  { id, sequence, agreement }: Pick<RosterHome, 'id' | 'sequence' | 'agreement'>,
  seen: RosterContext['seen'],
): void {
  const before = seen.get(id);
  if (before === undefined || sequence > before.sequence) return;
  if (sequence < before.sequence) throw keyRefused(id, 'a newer one was seen before', 'sequence');
  if (!sameBytes(before.key, agreement)) throw keyRefused(id, 'another one was seen with its sequence', 'sequence');
}

export interface RosterEntry {
  /** X.509, DER. */
  readonly certificate: Uint8Array;
  /** Signed agreement key, as received. */
  readonly agreement: Uint8Array;
}

/**
 * @param parts `members` is the authority's signed list, `homes` in its order
 * @returns the roster as sent, and the hash that names it
 */
export function makeRoster(
  coordinator: SigningKey,
  parts: { cohort: string; epoch: number; members: Uint8Array; homes: readonly RosterEntry[] },
): { signed: Uint8Array; hash: Uint8Array } {
  const homes = parts.homes.map(({ certificate, agreement }) => ({ certificate, agreement }));
  const signed = signMessage(coordinator, Roster, {
    cohort: parts.cohort,
    epoch: parts.epoch,
    members: parts.members,
    homes,
  });
  return { signed, hash: rosterHash(decodeSigned(signed, Roster.type).payload) };
}

function rosterHash(payload: Uint8Array): Uint8Array {
  return createHash('sha256').update(payload).digest();
}

/** The ids that the authority has signed for this cohort and epoch, ascending bytewise. */
function memberIds(roster: Roster, authority: Uint8Array): readonly string[] {
  const refuse = refuser(roster);
  const { fields } = openSigned(MemberList, authority, roster.members, 'the authority');
  if (fields.cohort !== roster.cohort || fields.epoch !== roster.epoch) {
    throw refuse('its member list is of another cohort or epoch', 'member-list');
  }
  if (fields.homes.length !== roster.homes.length) {
    throw refuse('its member list has another number of homes', 'member-list');
  }
  // Ids are ASCII, where the order of strings is the order of bytes.
  if (fields.homes.some((id, at) => at > 0 && id <= (fields.homes[at - 1] ?? ''))) {
    throw refuse('the ids of its member list do not ascend', 'member-list');
  }
  return fields.homes;
}

/** For bytes that `checkRosterEntry` has accepted before. */
function readRosterEntry(entry: RosterEntry, home: string, { cohort }: RosterContext): Omit<CheckedHome, 'index'> {
  const { identity } = readNames(entry.certificate, home, cohort);
  const { key, sequence } = AgreementKey.decode(decodeSigned(entry.agreement, AgreementKey.type).payload);
  return { id: home, identity, agreement: key, sequence, entry };
}

function assertUnique(homes: readonly RosterHome[], refuse: Refuser): void {
  const identities = new Set(homes.map((home) => toHex(home.identity)));
  if (identities.size !== homes.length) throw refuse('two homes have one identity key', 'duplicate');
  const agreements = new Set(homes.map((home) => toHex(home.agreement)));
  if (agreements.size !== homes.length) throw refuse('two homes have one agreement key', 'duplicate');
}

type Refuser = (why: string, reason: string) => ProtocolError;

function refuser({ cohort, epoch }: { cohort: string; epoch: number }): Refuser {
  return (why, reason) => new ProtocolError('ROSTER_REFUSED', { cohort, epoch, why, reason });
}

function keyRefused(home: string, why: string, reason: string): ProtocolError {
  return new ProtocolError('KEY_REFUSED', { home, why, reason });
}
