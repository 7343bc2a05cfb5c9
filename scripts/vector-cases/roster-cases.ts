/**
 * Runs the part of a round in messages.json that comes before any report: keys, roster, announcement.
 */
import { isDeepStrictEqual } from 'node:util';
import { assertAgreementKey } from '../../broker/protocol/agreement.ts';
import { decodeCbor } from '../../broker/protocol/cbor.ts';
import { sameBytes, toHex } from '../../broker/protocol/hex.ts';
import { decodeSigned } from '../../broker/protocol/message.ts';
import { AgreementKey, Catalogue, MemberList, Roster } from '../../broker/protocol/messages.ts';
import { makeRoster, type RosterHome } from '../../broker/protocol/roster.ts';
import { makeAnnounce, rosterOfAnnounce } from '../../broker/protocol/round.ts';
import { openSigned, signingKeyFromSeed, signMessage } from '../../broker/protocol/signing.ts';
import { derive, fromHexText } from './format.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

export function runRoster(world: World, name: string, tally: Tally): void {
  runKeys(world, name, tally);
  runFields(world, name, tally);
  runSignedLists(world, name, tally);
  runAnnounce(world, name, tally);
}

function runKeys(world: World, name: string, tally: Tally): void {
  const { given } = world;
  for (const party of ['authority', 'coordinator'] as const) {
    tally.check('keys', `${name}, ${party}`, () => {
      return toHex(signingKeyFromSeed(fromHexText(given[party].seed)).publicKey) === given[party].public;
    });
  }
  for (const home of given.homes) {
    tally.check('keys', `${name}, ${home.id}`, () => {
      const identity = world.identity(home.index);
      const agreement = world.secret(home.index);
      assertAgreementKey(agreement.publicKey, home.id);
      // What the file leaves out is derived all the same, and shows in the roster.
      return (
        is(home.identity_seed, derive(given.seed, 'identity', home.id)) &&
        is(home.identity_public, identity.publicKey) &&
        is(home.agreement_private, agreement.exportPrivate()) &&
        is(home.agreement_public, agreement.publicKey)
      );
    });
  }
}

/** What the file shows of each signed message is what stands in it, field by field. */
function runFields({ given }: World, name: string, tally: Tally): void {
  for (const part of ['agreement_key', 'member_list', 'catalogue', 'announce', 'set'] as const) {
    const { fields, message } = given[part];
    tally.check(part, `${name}, its fields`, () => {
      const { payload } = decodeSigned(fromHexText(message), fields.type);
      return isDeepStrictEqual(written(decodeCbor(payload, fields.type)), written(fields));
    });
  }
}

/** As the files write it: bytes in hex. Numbers as text, since they give long ones so. */
function written(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, written(field)]));
}

const is = (given: string | undefined, bytes: Uint8Array) => given === undefined || given === toHex(bytes);

function runSignedLists(world: World, name: string, tally: Tally): void {
  const { given, authority, coordinator, roster } = world;
  tally.check('agreement_key', name, () => {
    const { home, sequence } = given.agreement_key.fields;
    const owner = roster.homes.find((one) => one.id === home);
    const made = owner && toHex(signedAgreement(world, owner));
    return owner?.sequence === sequence && made === given.agreement_key.message;
  });
  const members = signMessage(authority, MemberList, given.member_list.fields);
  tally.check('member_list', name, () => toHex(members) === given.member_list.message);
  tally.check('catalogue', name, () => {
    const { home, sequence, tensors } = given.catalogue.fields;
    const owner = given.homes.find((one) => one.id === home);
    const identity = world.identity(owner?.index ?? 0);
    const made = signMessage(identity, Catalogue, { home, sequence, tensors: tensors as Catalogue['tensors'] });
    openSigned(Catalogue, identity.publicKey, fromHexText(given.catalogue.message), home);
    return toHex(made) === given.catalogue.message;
  });
  tally.check('roster', name, () => {
    // Certificates are not made again: whoever issues them may choose serial, issuer and validity.
    const { homes } = Roster.decode(decodeSigned(fromHexText(given.roster.message), Roster.type).payload);
    const { cohort, epoch } = given.member_list.fields;
    const entries = homes.map(({ certificate }, at) => ({
      certificate,
      agreement: signedAgreement(world, roster.homes[at]),
    }));
    const made = makeRoster(coordinator, { cohort, epoch, members, homes: entries });
    return toHex(made.signed) === given.roster.message && toHex(made.hash) === given.roster.hash;
  });
  tally.check('roster', `${name}, as read`, () => {
    const asGiven = given.homes.map(({ index, id, sequence }) => {
      const keys = [world.identity(index).publicKey, world.secret(index).publicKey].map(toHex);
      return [index, id, ...keys, sequence ?? roster.homes[index - 1]?.sequence].join();
    });
    const read = roster.homes.map(({ index, id, identity, agreement, sequence }) => {
      return [index, id, toHex(identity), toHex(agreement), sequence].join();
    });
    return read.join(' ') === asGiven.join(' ') && toHex(roster.hash) === given.roster.hash;
  });
}

function signedAgreement(world: World, home: RosterHome | undefined): Uint8Array {
  if (home === undefined) throw new RangeError('the roster has fewer homes than the file');
  const { index, id, sequence } = home;
  return signMessage(world.identity(index), AgreementKey, { home: id, sequence, key: world.secret(index).publicKey });
}

function runAnnounce({ given, coordinator, round, roster }: World, name: string, tally: Tally): void {
  const { fields, message, ...derived } = given.announce;
  tally.check('announce', name, () => {
    const made = makeAnnounce(coordinator, {
      ...fields,
      id: fromHexText(fields.id),
      roster: fromHexText(fields.roster),
    });
    return toHex(made) === message && sameBytes(rosterOfAnnounce(made, coordinator.publicKey), roster.hash);
  });
  tally.check('announce', `${name}, what follows from it`, () => {
    const { answers, threshold, collusion } = round.sharing;
    return (
      toHex(round.hash) === derived.round_hash &&
      answers === derived.answers &&
      threshold === derived.threshold &&
      collusion === derived.collusion &&
      round.length === derived.length &&
      round.blocks === derived.blocks
    );
  });
}
