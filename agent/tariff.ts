/**
 * The tariff that a home takes from its utility, and the prices in it. Pure.
 */
import type { EpochMs } from '../broker/protocol/clock.ts';
import { type OpenAdrEvent, Tariff } from '../broker/protocol/json-messages.ts';
import { readSignedJson } from '../broker/protocol/signed-json.ts';
import { refusalOf } from './policy/protocol-refusals.ts';
import { RefusedError, refusal } from './policy/refusals.ts';
import type { StoredTariff } from './store/home-store.ts';

export interface TariffContext {
  /** Pinned Ed25519 public key. */
  readonly coordinator: Uint8Array;
  readonly cohort: string;
  readonly now: EpochMs;
  /** Of the last tariff taken. */
  readonly lastSequence: number | undefined;
}

/** @throws {RefusedError} TARIFF_* */
export function readTariff(payload: Uint8Array | string, context: TariffContext): Tariff {
  const tariff = read(payload, context.coordinator);
  const { cohort, sequence, until } = tariff;
  if (cohort !== context.cohort) throw new RefusedError(refusal('TARIFF_COHORT'));
  const last = context.lastSequence;
  if (last !== undefined && sequence <= last) throw new RefusedError(refusal('TARIFF_SEQUENCE', { sequence, last }));
  if (until <= context.now) {
    throw new RefusedError(refusal('TARIFF_OVER', { until: new Date(until).toISOString() }));
  }
  return tariff;
}

/** What a kilowatt hour costs in `[from, until)`. */
export interface Price {
  readonly from: EpochMs;
  readonly until: EpochMs;
  /** Hundredths of the currency. */
  readonly centsPerKwh: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** The prices of a PRICE event in order of time; empty where it holds none that can be read. */
export function pricesOf(event: OpenAdrEvent): Price[] {
  const descriptor = event.payloadDescriptors?.find(({ payloadType }) => payloadType === 'PRICE');
  // OpenADR's unit of a price is the currency per what `units` says.
  if (descriptor?.currency === undefined || (descriptor.units ?? 'KWH') !== 'KWH') return [];
  const { currency } = descriptor;
  const stepMs = durationMsOf(event.intervalPeriod.duration);
  const start = Date.parse(event.intervalPeriod.start);
  if (stepMs === undefined) return [];
  // Several values in one interval follow each other, each as long as the interval says (OpenADR 3.1, interval).
  const values = event.intervals.flatMap(({ payloads }) => payloads.find(({ type }) => type === 'PRICE')?.values ?? []);
  return values.flatMap((value, at) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return [];
    const from = (start + at * stepMs) as EpochMs;
    // A cent is a hundredth; what the product of doubles adds beyond 12 digits is none of the tariff's.
    const centsPerKwh = Number((value * 100).toPrecision(12));
    return [{ from, until: (from + stepMs) as EpochMs, centsPerKwh, currency }];
  });
}

/** A tariff as the household sees it. */
export interface ShownTariff {
  readonly cohort: string;
  readonly sequence: number;
  readonly receivedAt: EpochMs;
  readonly until: EpochMs;
  /** Its validity has ended; none has taken its place. */
  readonly over: boolean;
  readonly prices: readonly Price[];
}

export function shownTariff({ cohort, sequence, receivedAt, until, text }: StoredTariff, now: EpochMs): ShownTariff {
  // Its signature and schema were checked before it was stored.
  const { event } = Tariff.parse(JSON.parse(text));
  return { cohort, sequence, receivedAt, until, over: until <= now, prices: pricesOf(event) };
}

/** ISO 8601, days to seconds: what a tariff's step is written in. */
function durationMsOf(text: string): number | undefined {
  const match = /^P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text);
  if (match === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

function read(payload: Uint8Array | string, coordinator: Uint8Array): Tariff {
  try {
    return readSignedJson(Tariff, 'tariff', coordinator, payload, 'the coordinator');
  } catch (error) {
    throw new RefusedError(refusalOf(error, 'tariff'), { cause: error });
  }
}

/** Which tariff was refused, for the ledger. It counts there only where the signature was right. */
export function sequenceIn(text: string): number | undefined {
  try {
    const { sequence } = JSON.parse(text) as { sequence?: unknown };
    return Number.isSafeInteger(sequence) ? (sequence as number) : undefined;
  } catch {
    // Not JSON: it was refused for that.
    return undefined;
  }
}
