/**
 * A cohort made for the tests: its homes with all their keys, the authority, the coordinator, a roster of them.
 */
import { type AgreementSecret, generateAgreement } from '../../../broker/protocol/agreement.ts';
import { type EpochMs, epochMs } from '../../../broker/protocol/clock.ts';
import { AgreementKey, type Announce, MemberList } from '../../../broker/protocol/messages.ts';
import { type AcceptedRoster, checkRoster, makeRoster } from '../../../broker/protocol/roster.ts';
import { checkAnnounce, makeAnnounce, type Round } from '../../../broker/protocol/round.ts';
import { defaultSharing } from '../../../broker/protocol/sharing.ts';
import { generateSigningKey, type SigningKey, signMessage } from '../../../broker/protocol/signing.ts';
import { makeCertificate } from '../protocol/made-certificates.ts';

export const cohort = 'oak-street';
export const hour = 3_600_000;
export const midnight = epochMs(Date.parse('2026-11-23T00:00:00Z'));
/** The day after the one that is metered. */
export const morning = epochMs(midnight + 30 * hour);
/** The tutorial's slots. */
export const grid = { from: midnight, step: 6 * hour, slots: 4 };

export interface MadeHome {
  readonly id: string;
  readonly identity: SigningKey;
  readonly secret: AgreementSecret;
  readonly certificate: Uint8Array;
  readonly agreementKey: Uint8Array;
}

export interface MadeCohort {
  readonly authority: SigningKey;
  readonly coordinator: SigningKey;
  /** Ascending by id. */
  readonly homes: readonly MadeHome[];
}

export function makeCohort(ids: readonly string[]): MadeCohort {
  const authority = generateSigningKey();
  const homes = [...ids].sort().map((id) => makeHome(authority, id));
  return { authority, coordinator: generateSigningKey(), homes };
}

export function makeHome(authority: SigningKey, id: string, secret = generateAgreement(), sequence = 1): MadeHome {
  const identity = generateSigningKey();
  const certificate = makeCertificate({ authority, identity: identity.publicKey, home: id, cohort });
  const agreementKey = signMessage(identity, AgreementKey, { home: id, sequence, key: secret.publicKey });
  return { id, identity, secret, certificate, agreementKey };
}

export function rosterOf({ authority, coordinator, homes }: MadeCohort, epoch = 1): AcceptedRoster {
  const members = signMessage(authority, MemberList, { cohort, epoch, homes: homes.map((home) => home.id) });
  const entries = homes.map(({ certificate, agreementKey }) => ({ certificate, agreement: agreementKey }));
  const { signed } = makeRoster(coordinator, { cohort, epoch, members, homes: entries });
  return checkRoster(signed, {
    coordinator: coordinator.publicKey,
    authority: authority.publicKey,
    cohort,
    now: morning,
    seen: new Map(),
    epochs: new Map(),
  });
}

/** A round over the tutorial's day, announced the morning after. */
export function roundOf(made: MadeCohort, changes: Partial<Announce> = {}, now: EpochMs = morning): Round {
  const roster = rosterOf(made);
  const signed = makeAnnounce(made.coordinator, {
    id: Buffer.alloc(16, 7),
    cohort,
    roster: roster.hash,
    query: { tags: ['#energy-consumption'], quantity: 'energyImport', unit: 'Wh' },
    grid,
    resolution: [1, -1],
    limit: 600_000,
    statistics: {},
    ...defaultSharing(made.homes.length),
    minimum: 3,
    deadline: now + hour,
    expiry: now + 24 * hour,
    ...changes,
  });
  return checkAnnounce(signed, {
    coordinator: made.coordinator.publicKey,
    cohort,
    now,
    collusionDivisor: 3,
    roster: () => roster,
  });
}
