/**
 * What a telegram says, whatever it was written in: values by their OBIS codes, exact. Knows no format.
 */

/**
 * `ok`: its check fits; `none`: it has none, as its version has none; `bad`: it has one that does not fit, or lacks one
 * that it must have.
 */
export type Check = 'ok' | 'bad' | 'none';

export interface ObisValue {
  /** The integer as it was sent; for what is no number its text, bytes in hex, a truth; null where there is no value. */
  readonly raw: bigint | string | boolean | null;
  /** value = raw · 10^scaler; null for what is no number. */
  readonly scaler: number | null;
  readonly unit: string | null;
  /** Exact, never with an exponent. */
  readonly value: string | null;
}

export type Direction = 'import' | 'export';

export interface Telegram {
  readonly check: Check;
  /** By OBIS code, `1-0:1.8.0`; of codes that come twice the first counts. Empty where the check is bad. */
  readonly values: ReadonlyMap<string, ObisValue>;
  /** Which way the power flows that it gives without a sign, where it tells. */
  readonly direction?: Direction | undefined;
  /** Serial number of the meter, where it tells. */
  readonly serial?: string | undefined;
  /** The meter's own clock, in milliseconds since 1970, where it tells. */
  readonly at?: number | undefined;
  /** Set where it came whole, but could not be read: why. */
  readonly why?: string | undefined;
}

/** Finds telegrams in a stream of bytes, however it is cut into pieces. What it keeps in mind is bounded. */
export interface Framer {
  /** @returns those that are whole now; one that was broken off is passed over */
  push(bytes: Uint8Array): Telegram[];
  /** No more bytes will come. @returns the last one, where its end was missing only by a line end */
  end(): Telegram[];
}

/** Bytes of the longest telegram that is waited for; the longest known have some 4,000. */
export const longestTelegram = 16_384;

export const noValue: ObisValue = { raw: null, scaler: null, unit: null, value: null };

export function numberValue(raw: bigint, scaler: number, unit: string | null): ObisValue {
  return { raw, scaler, unit, value: decimalText(raw, scaler) };
}

export function textValue(text: string): ObisValue {
  return { raw: text, scaler: null, unit: null, value: text };
}

/** @returns raw · 10^scaler, with as many digits behind the point as the scaler says */
export function decimalText(raw: bigint, scaler: number): string {
  if (scaler >= 0) return String(raw * 10n ** BigInt(scaler));
  const sign = raw < 0n ? '-' : '';
  const digits = String(raw < 0n ? -raw : raw).padStart(1 - scaler, '0');
  return `${sign}${digits.slice(0, scaler)}.${digits.slice(scaler)}`;
}
