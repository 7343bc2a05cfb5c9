/**
 * Every CBOR message of version 1, field by field. The one place where they are written down.
 */
import * as z from 'zod';
import {
  bytes,
  DeclineReason,
  Grid,
  Hash,
  HomeId,
  Id,
  Key,
  Ms,
  mostTensors,
  Positive,
  Quantity,
  Query,
  RoundId,
  Salt,
  Scaled,
  Statistics,
  Tag,
  text,
  Uint,
  UnitName,
} from './fields.ts';
import { type FieldsOf, message } from './message.ts';

const mostHomes = 2500;

/** A home's X25519 public key for one stretch of time. Signed by the home. */
export const AgreementKey = message('agreement-key', { home: HomeId, sequence: Uint, key: Key });
export type AgreementKey = FieldsOf<typeof AgreementKey>;

/** The homes of a cohort in an epoch, ids ascending. Signed by the authority. */
export const MemberList = message('member-list', {
  cohort: Id,
  epoch: Uint,
  homes: z.array(HomeId).min(3).max(mostHomes),
});
export type MemberList = FieldsOf<typeof MemberList>;

/** Who takes part in an epoch, with their keys. Signed by the coordinator; its hash names it. */
export const Roster = message('roster', {
  cohort: Id,
  epoch: Uint,
  /** The signed member list, as received. */
  members: bytes(),
  homes: z
    .array(z.strictObject({ /** X.509 DER */ certificate: bytes(), /** signed agreement key */ agreement: bytes() }))
    .min(3)
    .max(mostHomes),
});
export type Roster = FieldsOf<typeof Roster>;

export const CatalogueEntry = z.strictObject({
  id: text(1, 64),
  tags: z.array(Tag).max(16),
  description: text(0, 200),
  quantity: Quantity,
  unit: UnitName,
  dtype: z.literal('float64'),
  /** Readings or slots held now. */
  shape: z.array(Uint).min(1).max(4),
  from: Ms,
  until: Ms,
  /** Largest possible change per hour (energies) or value (others), constant, in `unit`. */
  capacity: Scaled,
});
export type CatalogueEntry = z.infer<typeof CatalogueEntry>;

/** The tensors a home agrees to show: what they are, never what they hold. Signed by the home. */
export const Catalogue = message('catalogue', {
  home: HomeId,
  sequence: Uint,
  tensors: z
    .array(CatalogueEntry)
    .max(mostTensors)
    .refine((tensors) => new Set(tensors.map((tensor) => tensor.id)).size === tensors.length),
});
export type Catalogue = FieldsOf<typeof Catalogue>;

/** One question to one cohort. Signed by the coordinator; its hash binds everything after it. */
export const Announce = message('announce', {
  id: RoundId,
  cohort: Id,
  /** Roster hash. */
  roster: Hash,
  query: Query,
  grid: Grid,
  /** The value of one integer step, in the query's unit. */
  resolution: Scaled,
  /** Largest |value| of one home in one slot, in steps. */
  limit: Positive,
  statistics: Statistics,
  dropouts: Uint,
  packing: z.int().min(1).max(2047),
  /** Fewest contributors. */
  minimum: z.int().min(1).max(mostHomes),
  deadline: Ms,
  expiry: Ms,
});
export type Announce = FieldsOf<typeof Announce>;

/** A contributor's one message in a round: `shares` are n sealed shares in roster order. */
export const Report = message('report', { round: Hash, salt: Salt, shares: bytes() });
export type Report = FieldsOf<typeof Report>;

/** Says that no report will come, and why; binds nothing. */
export const Decline = message('decline', { round: Hash, reason: DeclineReason });
export type Decline = FieldsOf<typeof Decline>;

/** Whose reports are summed: bitmap over the roster, and their salts ascending. Signed by the coordinator. */
export const ContributorSet = message('set', { round: Hash, contributors: bytes(), salts: bytes() });
export type ContributorSet = FieldsOf<typeof ContributorSet>;

/** What is asked of one member: the signed set, and its sealed share from each contributor, ascending. */
export const Open = message('open', { set: bytes(), shares: bytes() });
export type Open = FieldsOf<typeof Open>;

/** A member's one answer in a round: the sum of the shares it holds, 8 bytes a block. */
export const Answer = message('answer', { round: Hash, set: Hash, sums: bytes() });
export type Answer = FieldsOf<typeof Answer>;

/** Names a contributor whose share does not open, by its index in the roster. */
export const Complaint = message('complaint', { round: Hash, set: Hash, contributor: Uint });
export type Complaint = FieldsOf<typeof Complaint>;
