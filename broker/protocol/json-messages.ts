/**
 * What is sent as JSON: signed results and tariffs, a home's status, enrolment. One schema each.
 * What operators write and read is in operator.ts.
 */
import * as z from 'zod';
import { Grid, HomeId, Id, Ms, Query, text, Uint } from './fields.ts';

const hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length * 2}}$`));
export const HexHash = hex(32);
export const HexRoundId = hex(16);
export const HexKey = hex(32);
const base64 = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/);
/** Ed25519, base64url without padding. */
const signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/);
/** A short code for machines: lower case and dashes. */
const reason = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);

const ofRound = {
  v: z.literal(1),
  type: z.literal('result'),
  cohort: Id,
  /** Round id. */
  round: HexRoundId,
  /** Round hash. */
  hash: HexHash,
  query: Query,
  grid: Grid,
  /** Homes in the roster. */
  members: Uint,
  signature,
};

const complainedOf = {
  /** Contributors whose shares more members could not open than may fail. */
  fault: z.array(HomeId).optional(),
  /** Contributors complained of by fewer: they or those members are wrong. */
  disputed: z.array(HomeId).optional(),
};

/** The sum of a round, in the query's unit. */
export const OpenedResult = z.strictObject({
  ...ofRound,
  state: z.literal('opened'),
  set: HexHash,
  contributors: Uint,
  /** Answers that came, and answers needed to open. */
  answers: Uint,
  needed: Uint,
  /** True where more answers came than were needed, so that the sum is known to lie on one polynomial. */
  checked: z.boolean(),
  /** Members whose answers lie off the polynomial: listed, not accused. */
  inconsistent: z.array(HomeId),
  ...complainedOf,
  sum: z.array(z.number()),
  mean: z.array(z.number()),
  variance: z.array(z.number()).optional(),
  histogram: z
    .strictObject({ start: z.number(), width: z.number().positive(), counts: z.array(z.array(Uint)) })
    .optional(),
});
export type OpenedResult = z.infer<typeof OpenedResult>;

/** A round that ended without a sum, and why. */
export const FailedResult = z.strictObject({
  ...ofRound,
  state: z.literal('failed'),
  reason,
  set: HexHash.optional(),
  contributors: Uint.optional(),
  answers: Uint.optional(),
  needed: Uint.optional(),
  /** Homes whose report or answer was awaited in vain. */
  missing: z.array(HomeId).optional(),
  ...complainedOf,
});
export type FailedResult = z.infer<typeof FailedResult>;

export const Result = z.discriminatedUnion('state', [OpenedResult, FailedResult]);
export type Result = z.infer<typeof Result>;

/** The part of an OpenADR 3.1 event that is read here; what else a utility writes into one is let through. */
export const OpenAdrEvent = z.looseObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/),
  objectType: z.literal('EVENT'),
  createdDateTime: z.iso.datetime({ offset: true }),
  modificationDateTime: z.iso.datetime({ offset: true }),
  programID: z.string(),
  targets: z.array(z.string()).optional(),
  payloadDescriptors: z
    .array(
      z.looseObject({
        objectType: z.literal('EVENT_PAYLOAD_DESCRIPTOR'),
        payloadType: z.string(),
        units: z.string().optional(),
        /** ISO 4217. */
        currency: z.string().length(3).optional(),
      }),
    )
    .optional(),
  intervalPeriod: z.looseObject({
    start: z.iso.datetime({ offset: true }),
    /** ISO 8601. */
    duration: z.string(),
  }),
  intervals: z.array(
    z.looseObject({
      id: z.int(),
      payloads: z.array(z.looseObject({ type: z.string(), values: z.array(z.unknown()) })),
    }),
  ),
});
export type OpenAdrEvent = z.infer<typeof OpenAdrEvent>;

/** The prices in force in a cohort. A home takes it only when `sequence` is above the last one's. */
export const Tariff = z.strictObject({
  v: z.literal(1),
  type: z.literal('tariff'),
  cohort: Id,
  sequence: Uint,
  until: Ms,
  event: OpenAdrEvent,
  signature,
});
export type Tariff = z.infer<typeof Tariff>;

/** A home's retained status and last will. */
export const Status = z.strictObject({ v: z.literal(1), online: z.boolean(), since: Ms, version: text(1, 32) });
export type Status = z.infer<typeof Status>;

/** A home asks to be certified. `request` is PKCS#10 DER in base64: it proves that the home holds its key. */
export const EnrolmentRequest = z.strictObject({
  v: z.literal(1),
  type: z.literal('enrolment-request'),
  home: HomeId,
  request: base64(4096),
  /** What the home says of itself, for the operator to recognise it by. */
  claim: text(0, 200),
});
export type EnrolmentRequest = z.infer<typeof EnrolmentRequest>;

export const EnrolmentReply = z.discriminatedUnion('state', [
  z.strictObject({
    v: z.literal(1),
    type: z.literal('enrolment-reply'),
    home: HomeId,
    state: z.literal('approved'),
    cohort: Id,
    /** X.509 DER in base64. */
    certificate: base64(8192),
    /** Ed25519 public keys to pin, hex. */
    authority: HexKey,
    coordinator: HexKey,
  }),
  z.strictObject({
    v: z.literal(1),
    type: z.literal('enrolment-reply'),
    home: HomeId,
    state: z.literal('refused'),
    code: z.string().max(64),
    says: z.string().max(400),
    remedy: z.string().max(400),
  }),
]);
export type EnrolmentReply = z.infer<typeof EnrolmentReply>;
