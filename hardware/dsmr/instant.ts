/**
 * Instants as P1 telegrams write them: local time, with a letter for summer or winter. Pure.
 */

const hour = 3_600_000;
/** P1 is spoken where clocks show Central European time. */
const offsets: Readonly<Record<string, number>> = { S: 2 * hour, W: hour };

/** @returns milliseconds since 1970; undefined for what is no instant, or does not say which time it is in */
export function instantOf(text: string | undefined): number | undefined {
  const match = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})([SW])$/.exec(text ?? '');
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 7).map(Number);
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hours < 24 && minutes < 60 && seconds < 60;
  const offset = offsets[match[7] ?? ''];
  if (!isDate || offset === undefined) return undefined;
  return Date.UTC(2000 + year, month - 1, day, hours, minutes, seconds) - offset;
}

/** The way back, in winter time. */
export function writeInstant(at: number): string {
  const digits = new Date(at + hour).toISOString().replace(/\D/g, '');
  return `${digits.slice(2, 14)}W`;
}
