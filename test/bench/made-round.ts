/** A round of any number of homes whose keys are real where the protocol checks them, and quick to make where not. */
import { hash, randomBytes } from 'node:crypto';
import type { PairKeys } from '../../broker/protocol/agreement.ts';
import { epochMs } from '../../broker/protocol/clock.ts';
import { makeReport } from '../../broker/protocol/report.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import { checkAnnounce, makeAnnounce, type Round } from '../../broker/protocol/round.ts';
import { defaultSharing, drawResidues } from '../../broker/protocol/sharing.ts';
import { generateSigningKey, type SigningKey } from '../../broker/protocol/signing.ts';
import { encodeVector } from '../../broker/protocol/vector.ts';

export const slots = 96;
const quarterHour = 900_000;
const from = 1_798_761_600_000;

export interface MadeRound {
  readonly round: Round;
  readonly coordinator: SigningKey;
}

/** With the default dropouts and packing. */
export function makeRound(homes: number, cohort = 'bench'): MadeRound {
  const coordinator = generateSigningKey();
  const roster = makeRoster(homes, cohort);
  const end = from + slots * quarterHour;
  const signed = makeAnnounce(coordinator, {
    id: randomBytes(16),
    cohort: roster.cohort,
    roster: roster.hash,
    query: { tags: ['#energy-consumption'], quantity: 'energyImport', unit: 'Wh' },
    grid: { from, step: quarterHour, slots },
    resolution: [1, -1],
    limit: 100_000,
    statistics: {},
    ...defaultSharing(homes),
    minimum: 15,
    deadline: end + 3_600_000,
    expiry: end + 86_400_000,
  });
  const round = checkAnnounce(signed, {
    coordinator: coordinator.publicKey,
    cohort: roster.cohort,
    now: epochMs(end),
    collusionDivisor: 3,
    roster: () => roster,
  });
  return { round, coordinator };
}

/** What a home would have agreed on with every other: made at will, because a million of them slow down the collector. */
export function pairKeysIn({ roster }: Round, own: number): PairKeys {
  return roster.homes.map(({ index }) => hash('sha256', `${Math.min(own, index)} ${Math.max(own, index)}`, 'buffer'));
}

/** Values whose mean over any homes is 100 in the first slot. */
export function reportIn(round: Round, own: number, pairKeys: PairKeys = pairKeysIn(round, own)): Uint8Array {
  const values = Array.from({ length: slots }, (_, index) => 100 + index / 10);
  const residues = drawResidues(round.sharing, round.blocks, randomBytes);
  return makeReport(round, own, pairKeys, encodeVector(round.announce, values), randomBytes(16), residues);
}

function makeRoster(homes: number, cohort: string): AcceptedRoster {
  return {
    cohort,
    epoch: 1,
    hash: randomBytes(32),
    homes: Array.from({ length: homes }, (_, at) => ({
      index: at + 1,
      id: `home-${String(at + 1).padStart(4, '0')}`,
      identity: randomBytes(32),
      agreement: randomBytes(32),
      sequence: 1,
    })),
  };
}
