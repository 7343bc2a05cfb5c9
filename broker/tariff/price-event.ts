/**
 * Prices per slot as an OpenADR 3.1 event object of payload type PRICE. Pure.
 */
import type { EpochMs } from '../protocol/clock.ts';
import type { OpenAdrEvent } from '../protocol/json-messages.ts';

export interface PriceSlots {
  readonly cohort: string;
  readonly sequence: number;
  readonly madeAt: EpochMs;
  /** Where the first slot begins. */
  readonly from: EpochMs;
  readonly stepMs: number;
  /** ISO 4217, whole units: OpenADR knows no cents. */
  readonly currency: string;
  readonly centsPerKwh: readonly number[];
}

export function priceEvent({
  cohort,
  sequence,
  madeAt,
  from,
  stepMs,
  currency,
  centsPerKwh,
}: PriceSlots): OpenAdrEvent {
  const made = new Date(madeAt).toISOString();
  return {
    id: `tariff-${cohort}-${sequence}`,
    objectType: 'EVENT',
    createdDateTime: made,
    modificationDateTime: made,
    programID: `tariff-${cohort}`,
    targets: [cohort],
    payloadDescriptors: [{ objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType: 'PRICE', units: 'KWH', currency }],
    intervalPeriod: { start: new Date(from).toISOString(), duration: isoDuration(stepMs) },
    intervals: centsPerKwh.map((cents, id) => ({ id, payloads: [{ type: 'PRICE', values: [perKwh(cents)] }] })),
  };
}

/** 10.61666… ct is 0.106167: six decimals, a ten-thousandth of a cent. */
export function perKwh(cents: number): number {
  // + 0: there is no minus zero in JSON's canonical form.
  return Number((cents / 100).toFixed(6)) + 0;
}

/** The same rounding, as cents. */
export function roundedCents(cents: number): number {
  return Number((perKwh(cents) * 100).toFixed(4)) + 0;
}

/** ISO 8601; a day is given as 24 hours, since it may have 23. */
export function isoDuration(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1000;
  const time = `${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${seconds > 0 ? `${seconds}S` : ''}`;
  return `PT${time === '' ? '0S' : time}`;
}
