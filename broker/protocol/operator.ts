/**
 * What an operator asks of the coordinator and what comes back: JSON on the operator topics.
 * The command line and the SDK send nothing else.
 */
import * as z from 'zod';
import { HomeId, Id, Ms, Positive, Quantity, Query, Scaled, Statistics, Tags, text, Uint, UnitName } from './fields.ts';
import { HexHash, HexRoundId, Result, Tariff } from './json-messages.ts';
import { CatalogueEntry } from './messages.ts';

const v = z.literal(1);
/** An instant: milliseconds, or RFC 3339 text. */
const Instant = z.union([Ms, z.iso.datetime({ offset: true }).transform((value) => Date.parse(value))]);
/** A length of time: milliseconds, or ISO 8601 text of days, hours, minutes and seconds: PT6H. */
const Duration = z.union([
  Positive,
  z
    .string()
    .regex(/^P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/)
    .transform(isoDurationMs)
    .refine((value) => value > 0),
]);

/** Opens a round. What is left out, the coordinator works out from the catalogues and its configuration. */
export const RoundRequest = z.strictObject({
  v,
  type: z.literal('round'),
  cohort: Id,
  tags: Tags,
  quantity: Quantity.default('energyImport'),
  unit: UnitName.default('Wh'),
  from: Instant,
  step: Duration,
  slots: z.int().min(1).max(4096),
  /** `"histogram": true` leaves the buckets to the coordinator. */
  statistics: Statistics.extend({
    histogram: z.union([Statistics.shape.histogram.unwrap(), z.literal(true)]).optional(),
  }).default({}),
  resolution: Scaled.optional(),
  limit: Positive.optional(),
  minimum: Positive.optional(),
  dropouts: Uint.optional(),
  packing: Positive.optional(),
  deadline: Instant.optional(),
  expiry: Instant.optional(),
});
export type RoundRequest = z.infer<typeof RoundRequest>;

/** Finds the tensors that have all the tags. */
export const SearchRequest = z.strictObject({ v, type: z.literal('search'), tags: Tags, cohort: Id.optional() });
/** Asks for the values behind a pointer. Always refused: VALUES_STAY_HOME. */
export const ValuesRequest = z.strictObject({ v, type: z.literal('values'), home: HomeId, tensor: text(1, 64) });
export const HomesRequest = z.strictObject({ v, type: z.literal('homes'), cohort: Id.optional() });
/** `fingerprint` says which key, where several ask to be the home; only so is an approved home's key replaced. */
export const ApproveRequest = z.strictObject({
  v,
  type: z.literal('approve'),
  home: HomeId,
  cohort: Id,
  fingerprint: HexHash.optional(),
});
export const RosterRequest = z.strictObject({ v, type: z.literal('roster'), cohort: Id });
export const RoundsRequest = z.strictObject({ v, type: z.literal('rounds'), cohort: Id.optional() });
export const RoundShowRequest = z.strictObject({ v, type: z.literal('round-show'), round: HexRoundId });
/**
 * Sets the tariff of a cohort from an opened round: `formula` over `mean`, `sum` (in `unit`) and `contributors`
 * yields ct/kWh per slot. `from` says when the first slot's price begins; each lasts the round's step.
 */
export const TariffRequest = z.strictObject({
  v,
  type: z.literal('tariff'),
  round: HexRoundId,
  formula: z.string().min(1).max(200),
  unit: z.enum(['Wh', 'kWh']).default('kWh'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('EUR'),
  from: Instant.optional(),
});
export type TariffRequest = z.infer<typeof TariffRequest>;

export const OperatorRequest = z.discriminatedUnion('type', [
  RoundRequest,
  SearchRequest,
  ValuesRequest,
  HomesRequest,
  ApproveRequest,
  RosterRequest,
  RoundsRequest,
  RoundShowRequest,
  TariffRequest,
]);
export type OperatorRequest = z.infer<typeof OperatorRequest>;
/** As written by the operator: defaults not filled in, instants as text or numbers. */
export type OperatorRequestInput = z.input<typeof OperatorRequest>;

/** What a search shows of one home. */
export const HomePointers = z.strictObject({
  home: HomeId,
  cohort: Id,
  online: z.boolean(),
  tensors: z.array(CatalogueEntry),
});
export type HomePointers = z.infer<typeof HomePointers>;

export const HomeRow = z.strictObject({
  home: HomeId,
  state: z.enum(['asking', 'approved']),
  cohort: Id.optional(),
  claim: z.string(),
  /** SHA-256 of the identity key, hex: to compare with what the home's own page shows. */
  fingerprint: HexHash,
  online: z.boolean(),
  since: Ms.optional(),
  /** Whether an agreement key and a catalogue have come from it. */
  ready: z.boolean(),
});
export type HomeRow = z.infer<typeof HomeRow>;

export const RoundRow = z.strictObject({
  round: HexRoundId,
  cohort: Id,
  state: z.enum(['collecting', 'opening', 'opened', 'failed']),
  query: Query,
  from: Ms,
  step: Positive,
  slots: Positive,
  openedAt: Ms,
  deadline: Ms,
  expiry: Ms,
  minimum: Positive,
  members: Uint,
  reports: Uint,
  /** Declines so far, counted by reason. */
  declined: z.record(z.string(), Uint),
  answers: Uint,
  needed: Uint,
  /** Why it failed. */
  reason: z.string().optional(),
  /** Of a round that opened: whether more answered than needed, and how many answers lie off the polynomial. */
  checked: z.boolean().optional(),
  inconsistent: Uint.optional(),
});
export type RoundRow = z.infer<typeof RoundRow>;

/** The homes behind a round's numbers. A home that declined is counted by its reason, never named. */
export const RoundStanding = z.strictObject({
  /** Homes with matching tensors that have said nothing. */
  noReport: z.array(HomeId),
  /** Members that have not answered for the set in force. */
  noAnswer: z.array(HomeId),
  inconsistent: z.array(HomeId),
  fault: z.array(HomeId),
  disputed: z.array(HomeId),
  /** Who could not open whose share: the first hundred. */
  complaints: z.array(z.strictObject({ member: HomeId, contributor: HomeId })),
});
export type RoundStanding = z.infer<typeof RoundStanding>;

const reply = { v, request: text(1, 64) };

/** The outcome of a request, by what it is about. */
const OperatorResult = z.discriminatedUnion('of', [
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('round'), result: Result }),
  z.strictObject({
    ...reply,
    type: z.literal('result'),
    of: z.literal('search'),
    /** Homes with a match, and those of them that are not connected now. */
    matched: Uint,
    offline: Uint,
    /** Every approved home that was searched, also those without a match. */
    homes: z.array(HomePointers),
  }),
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('homes'), homes: z.array(HomeRow) }),
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('approve'), home: HomeRow }),
  z.strictObject({
    ...reply,
    type: z.literal('result'),
    of: z.literal('roster'),
    cohort: Id,
    epoch: Uint,
    hash: HexHash,
    homes: z.array(HomeId),
    /** Approved homes that were left out, and why. */
    leftOut: z.array(z.strictObject({ home: HomeId, why: z.string() })),
  }),
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('rounds'), rounds: z.array(RoundRow) }),
  z.strictObject({
    ...reply,
    type: z.literal('result'),
    of: z.literal('round-show'),
    row: RoundRow,
    standing: RoundStanding,
    result: Result.optional(),
  }),
  z.strictObject({
    ...reply,
    type: z.literal('result'),
    of: z.literal('tariff'),
    tariff: Tariff,
    centsPerKwh: z.array(z.number()),
  }),
]);

/** What an operator's request has led to. Ends with `result` or `error`; a round is `accepted` and shows `progress` before. */
export const OperatorReply = z.discriminatedUnion('type', [
  z.strictObject({ ...reply, type: z.literal('accepted'), round: HexRoundId, row: RoundRow }),
  z.strictObject({ ...reply, type: z.literal('progress'), row: RoundRow }),
  z.strictObject({
    ...reply,
    type: z.literal('error'),
    code: z.string(),
    says: z.string(),
    remedy: z.string(),
    retryAt: Ms.optional(),
  }),
  OperatorResult,
]);
export type OperatorReply = z.infer<typeof OperatorReply>;

/** @param text ISO 8601, checked before: days, hours, minutes, seconds */
function isoDurationMs(text: string): number {
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text)?.map((part) => Number(part ?? 0)) ?? [];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
