/**
 * The parties and messages of one round of messages.json, read by the protocol as its members would.
 */
import {
  type AgreementSecret,
  agreementFromPrivate,
  type PairKeys,
  pairKeysOf,
} from '../../broker/protocol/agreement.ts';
import { epochMs } from '../../broker/protocol/clock.ts';
import { type AcceptedSet, readSet } from '../../broker/protocol/contributor-set.ts';
import { primes } from '../../broker/protocol/field.ts';
import { makeReport } from '../../broker/protocol/report.ts';
import { type AcceptedRoster, checkRoster, type RosterContext } from '../../broker/protocol/roster.ts';
import { type AnnounceContext, checkAnnounce, type Round } from '../../broker/protocol/round.ts';
import type { Residues } from '../../broker/protocol/sharing.ts';
import { type SigningKey, signingKeyFromSeed } from '../../broker/protocol/signing.ts';
import {
  derive,
  deriveResidue,
  fromHexText,
  type HomeCase,
  type ReportCase,
  type RoundCase,
  wholes,
} from './format.ts';

export interface World {
  readonly given: RoundCase;
  readonly authority: SigningKey;
  readonly coordinator: SigningKey;
  readonly rosterContext: RosterContext;
  readonly announceContext: AnnounceContext;
  readonly roster: AcceptedRoster;
  readonly round: Round;
  readonly set: AcceptedSet;
  /** Of the home with that index, as the next two. */
  identity(index: number): SigningKey;
  secret(index: number): AgreementSecret;
  pairKeys(index: number): PairKeys;
  /** A contributor's report, made with the derived residues. */
  report(given: ReportCase): Uint8Array;
  residues(contributor: number): Residues;
}

export function worldOf(given: RoundCase): World {
  const authority = signingKeyFromSeed(fromHexText(given.authority.seed));
  const coordinator = signingKeyFromSeed(fromHexText(given.coordinator.seed));
  const common = { coordinator: coordinator.publicKey, cohort: given.cohort, now: epochMs(given.now) };
  const rosterContext = { ...common, authority: authority.publicKey, seen: new Map(), epochs: new Map() };
  const roster = checkRoster(fromHexText(given.roster.message), rosterContext);
  const announceContext = { ...common, collusionDivisor: 3, roster: () => roster };
  const round = checkAnnounce(fromHexText(given.announce.message), announceContext);
  const set = readSet(round, coordinator.publicKey, fromHexText(given.set.message));

  const home = (index: number): HomeCase => {
    const found = given.homes.find((one) => one.index === index);
    if (found === undefined) throw new RangeError(`the file has no home ${index}`);
    return found;
  };
  const identity = once((index) => signingKeyFromSeed(derive(given.seed, 'identity', home(index).id)));
  const secret = once((index) => agreementFromPrivate(derive(given.seed, 'agreement', home(index).id)));
  const pairKeys = once((index) => pairKeysOf(secret(index), roster));
  const residues =
    (contributor: number): Residues =>
    (block, prime, member) =>
      deriveResidue(given.seed, contributor, block, prime, member, primes[prime]);
  const report = ({ index, vector, salt }: ReportCase) =>
    makeReport(round, index, pairKeys(index), wholes(vector), fromHexText(salt), residues(index));
  return {
    given,
    authority,
    coordinator,
    rosterContext,
    announceContext,
    roster,
    round,
    set,
    identity,
    secret,
    pairKeys,
    report,
    residues,
  };
}

function once<T>(make: (index: number) => T): (index: number) => T {
  const made = new Map<number, T>();
  return (index) => {
    const value = made.get(index) ?? make(index);
    made.set(index, value);
    return value;
  };
}
