/**
 * What an operator asks of the coordinator and what comes back: JSON on the operator topics.
 * The command line and the SDK send nothing else.
 */
import * as z from 'zod';
import { AskedStatistics, Duration, Instant, priceFields } from './asked-fields.ts';
import { HomeId, Id, Ms, Positive, Quantity, Query, Scaled, Statistics, Tags, text, Uint, UnitName } from './fields.ts';
import { HexHash, HexRoundId, Result, Tariff } from './json-messages.ts';
import { CatalogueEntry } from './messages.ts';
import {
  ScheduleAddRequest,
  SchedulePauseRequest,
  ScheduleRemoveRequest,
  ScheduleResumeRequest,
  ScheduleRow,
  SchedulesRequest,
} from './schedule.ts';

const v = z.literal(1);

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
  statistics: AskedStatistics.default({}),
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
/** Takes a home, or what asks to be it, out of every later roster. */
export const HomeRemoveRequest = z.strictObject({ v, type: z.literal('home-remove'), home: HomeId });
export const RosterRequest = z.strictObject({ v, type: z.literal('roster'), cohort: Id });
export const RoundsRequest = z.strictObject({ v, type: z.literal('rounds'), cohort: Id.optional() });
export const RoundShowRequest = z.strictObject({ v, type: z.literal('round-show'), round: HexRoundId });
/** Follows a round that is there already to its end. */
export const RoundWatchRequest = z.strictObject({ v, type: z.literal('round-watch'), round: HexRoundId });
/** Ends a round that has not opened yet; what its homes have reported stays spent. */
export const RoundStopRequest = z.strictObject({ v, type: z.literal('round-stop'), round: HexRoundId });
/** Sets the tariff of a cohort from an opened round. `from` says when the first slot's price begins; each lasts the round's step. */
export const TariffRequest = z.strictObject({
  v,
  type: z.literal('tariff'),
  round: HexRoundId,
  ...priceFields,
  from: Instant.optional(),
});
export type TariffRequest = z.infer<typeof TariffRequest>;

export const OperatorRequest = z.discriminatedUnion('type', [
  RoundRequest,
  SearchRequest,
  ValuesRequest,
  HomesRequest,
  ApproveRequest,
  HomeRemoveRequest,
  RosterRequest,
  RoundsRequest,
  RoundShowRequest,
  RoundWatchRequest,
  RoundStopRequest,
  TariffRequest,
  ScheduleAddRequest,
  SchedulesRequest,
  SchedulePauseRequest,
  ScheduleResumeRequest,
  ScheduleRemoveRequest,
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
  /** Why no roster can list it, or why the agreement key that it last sent is not taken. */
  keptOut: z.string().optional(),
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
  /** Those asked for beside the sum; start and width of buckets in steps of the round's resolution. */
  statistics: Statistics,
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
  /** Members that were asked about the set in force and have not answered. */
  noAnswer: z.array(HomeId),
  /** Members that answered for the set before it, and so answer for no other. */
  answeredBefore: z.array(HomeId),
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
  /** Without a cohort where it had only asked. */
  z.strictObject({
    ...reply,
    type: z.literal('result'),
    of: z.literal('home-remove'),
    home: HomeId,
    cohort: Id.optional(),
  }),
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
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('round-watch'), result: Result }),
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('round-stop'), row: RoundRow }),
  z.strictObject({
    ...reply,
    type: z.literal('result'),
    of: z.literal('tariff'),
    tariff: Tariff,
    centsPerKwh: z.array(z.number()),
  }),
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('schedule-add'), schedule: ScheduleRow }),
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('schedules'), schedules: z.array(ScheduleRow) }),
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('schedule-pause'), schedule: ScheduleRow }),
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('schedule-resume'), schedule: ScheduleRow }),
  z.strictObject({ ...reply, type: z.literal('result'), of: z.literal('schedule-remove'), schedule: Id }),
]);

/** What an operator's request has led to. Ends with `result` or `error`; a round shows `progress` before. */
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
