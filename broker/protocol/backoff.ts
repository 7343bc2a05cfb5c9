/**
 * How long to wait before trying again: exponential with full jitter, so that homes that lost one broker do not come
 * back all at once. Pure.
 */

const firstCeilingMs = 1_000;
const lastCeilingMs = 60_000;

/**
 * @param attempt tries that have failed before this one, from 0
 * @param random01 uniform, 0 ≤ r < 1
 * @returns between 0 and a ceiling that doubles from 1 s to 60 s
 */
export function nextDelayMs(attempt: number, random01: number): number {
  return Math.floor(random01 * Math.min(lastCeilingMs, firstCeilingMs * 2 ** attempt));
}
