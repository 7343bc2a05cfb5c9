/**
 * A small cohort with real keys, certificates, roster and announcement, each part of which a test may replace.
 */
import { randomBytes } from 'node:crypto';
import { type AgreementSecret, generateAgreement, pairKeysOf } from '../../../broker/protocol/agreement.ts';
import { type EpochMs, epochMs } from '../../../broker/protocol/clock.ts';
import { type AcceptedSet, makeSet } from '../../../broker/protocol/contributor-set.ts';
import { AgreementKey, type Announce, MemberList } from '../../../broker/protocol/messages.ts';
import { makeReport, readReport } from '../../../broker/protocol/report.ts';
import { type AcceptedRoster, checkRoster, makeRoster, type RosterContext } from '../../../broker/protocol/roster.ts';
import { type AnnounceContext, checkAnnounce, makeAnnounce, type Round } from '../../../broker/protocol/round.ts';
import { defaultSharing, drawResidues } from '../../../broker/protocol/sharing.ts';
import { generateSigningKey, type SigningKey, signMessage } from '../../../broker/protocol/signing.ts';
import { makeCertificate } from './made-certificates.ts';

export const now: EpochMs = epochMs(Date.parse('2027-01-02T00:00:00Z'));
export const cohort = 'oak-street';

export interface MadeHome {
  readonly id: string;
  readonly identity: SigningKey;
  readonly secret: AgreementSecret;
  /** Its entry in the roster. */
  readonly certificate: Uint8Array;
  readonly agreement: Uint8Array;
}

export interface MadeCohort {
  readonly authority: SigningKey;
  readonly coordinator: SigningKey;
  readonly homes: readonly MadeHome[];
  readonly signedRoster: Uint8Array;
  readonly rosterContext: RosterContext;
  readonly roster: AcceptedRoster;
  readonly announceContext: AnnounceContext;
  readonly announceFields: Omit<Announce, 'v' | 'type'>;
  readonly round: Round;
}

export function makeCohort(size: number, changes: Partial<Announce> = {}): MadeCohort {
  const authority = generateSigningKey();
  const coordinator = generateSigningKey();
  const ids = Array.from({ length: size }, (_, at) => `home-${String(at + 1).padStart(4, '0')}`);
  const homes = ids.map((id) => makeHome(id, authority));
  const members = signMessage(authority, MemberList, { cohort, epoch: 1, homes: ids });
  const { signed: signedRoster } = makeRoster(coordinator, { cohort, epoch: 1, members, homes });
  const rosterContext = {
    coordinator: coordinator.publicKey,
    authority: authority.publicKey,
    cohort,
    now,
    seen: new Map(),
    epochs: new Map(),
  };
  const roster = checkRoster(signedRoster, rosterContext);
  const announceContext: AnnounceContext = {
    coordinator: coordinator.publicKey,
    cohort,
    now,
    collusionDivisor: 3,
    roster: () => roster,
  };
  const announceFields = { ...announceOf(roster), ...changes };
  const round = checkAnnounce(makeAnnounce(coordinator, announceFields), announceContext);
  return { authority, coordinator, homes, signedRoster, rosterContext, roster, announceContext, announceFields, round };
}

export function makeHome(id: string, authority: SigningKey, sequence = 1): MadeHome {
  const identity = generateSigningKey();
  const secret = generateAgreement();
  const certificate = makeCertificate({ authority, identity: identity.publicKey, home: id, cohort });
  const agreement = signMessage(identity, AgreementKey, { home: id, sequence, key: secret.publicKey });
  return { id, identity, secret, certificate, agreement };
}

/** The reports of some homes, all of the same values, by index. */
export function makeReports(
  { round, homes }: MadeCohort,
  contributors: readonly number[],
  vector: readonly bigint[],
): Map<number, Uint8Array> {
  return new Map(
    contributors.map((index) => {
      const pairKeys = pairKeysOf((homes[index - 1] as MadeHome).secret, round.roster);
      const residues = drawResidues(round.sharing, round.blocks, randomBytes);
      return [index, makeReport(round, index, pairKeys, vector, randomBytes(16), residues)] as const;
    }),
  );
}

/** The set of those reports, and one member's sealed share from each, in order. */
export function makeSetOf({ round, coordinator }: MadeCohort, reports: ReadonlyMap<number, Uint8Array>) {
  const read = [...reports].map(([index, bytes]) => ({ index, ...readReport(round, bytes) }));
  const set: AcceptedSet = makeSet(coordinator, round, read);
  return { set, sealedFor: (member: number) => read.map(({ shares }) => shares[member - 1] as Uint8Array) };
}

function announceOf(roster: AcceptedRoster): Omit<Announce, 'v' | 'type'> {
  const from = now - 4 * 6 * 3_600_000;
  return {
    id: randomBytes(16),
    cohort,
    roster: roster.hash,
    query: { tags: ['#energy-consumption'], quantity: 'energyImport', unit: 'Wh' },
    grid: { from, step: 6 * 3_600_000, slots: 4 },
    resolution: [1, -1],
    limit: 600_000,
    statistics: {},
    ...defaultSharing(roster.homes.length),
    minimum: 3,
    deadline: now + 3_600_000,
    expiry: now + 24 * 3_600_000,
  };
}
