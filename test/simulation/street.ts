/**
 * Cohorts with real keys, made once: their rosters, pair keys and some rounds that a world may announce. Meters read
 * powers of four, so that a sum tells which homes are in it.
 */
import { randomBytes } from 'node:crypto';
import type { Seat } from '../../agent/policy/judge-announcement.ts';
import type { OwnTensor } from '../../agent/policy/own-tensor.ts';
import { type AgreementSecret, generateAgreement, pairKeysOf } from '../../broker/protocol/agreement.ts';
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import { checkAnnounce, makeAnnounce, type Round } from '../../broker/protocol/round.ts';
import { defaultSharing } from '../../broker/protocol/sharing.ts';
import { generateSigningKey, type SigningKey } from '../../broker/protocol/signing.ts';

export const hour = 3_600_000;
export const start = epochMs(Date.parse('2027-01-02T00:00:00Z'));
const step = 6 * hour;
const slots = 4;

export interface Street {
  readonly key: SigningKey;
  readonly roster: AcceptedRoster;
  /** At index - 1. */
  readonly seats: readonly Seat[];
  /** That may be announced, each once in a world. */
  readonly rounds: readonly Round[];
}

/** What a round asks for: the first slot of its grid, counted from the first metered one, and the tag. */
interface Plan {
  readonly first: number;
  readonly count: number;
  readonly tag: string;
}

/** Overlapping in hours, in meters, in both; the last one's hours are not over when the world begins. */
const plans: readonly Plan[] = [
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
  source: { device: id, family: 'import' },
  device: id,
  ancestors: [],
  published: true,
  shown: true,
  consentFrom: 0,
}));

/** In Wh. */
export function reading(home: number, tensor: string, from: number): number {
  const slot = (from - gridOf(0, 1).from) / step;
  return (slot + 1) * 4 ** home * (tensor === 'attic' ? 2 : 1);
}

/** What the sum has to be, worked out from the readings. */
export function truth(round: Round, contributors: readonly number[]): number[] {
  const { grid, query } = round.announce;
  const asked = tensors.filter(({ tags }) => query.tags.every((tag) => tags.includes(tag)));
  return Array.from({ length: grid.slots }, (_, slot) =>
    contributors
      .flatMap((home) => asked.map(({ id }) => reading(home, id, grid.from + slot * grid.step)))
      .reduce((sum, each) => sum + each, 0),
  );
}

/** @param dropouts by default as the protocol would choose */
export function makeStreet(homes: number, minimum: number, dropouts?: number): Street {
  const key = generateSigningKey();
  const secrets = Array.from({ length: homes }, () => generateAgreement());
  const roster = rosterOf(secrets);
  const seats = secrets.map((secret, at) => ({
    roster,
    own: at + 1,
    pairKeys: pairKeysOf(secret, roster),
    coordinator: key.publicKey,
  }));
  const sharing = dropouts === undefined ? defaultSharing(homes) : { dropouts, packing: 1 };
  const rounds = plans.map(({ first, count, tag }) =>
    announce({ key, roster }, { grid: gridOf(first, count), tag, minimum, ...sharing }),
  );
  return { key, roster, seats, rounds };
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

function rosterOf(secrets: readonly AgreementSecret[]): AcceptedRoster {
  return {
    cohort: 'oak-street',
    epoch: 1,
    hash: randomBytes(32),
    homes: secrets.map(({ publicKey }, at) => ({
      index: at + 1,
      id: `home-${at + 1}`,
      identity: randomBytes(32),
      agreement: publicKey,
      sequence: 1,
    })),
  };
}
