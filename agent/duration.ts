/**
 * Lengths of time as people write them: 500ms, 10s, 15m, 6h, 1d.
 */

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** @returns milliseconds, above 0; undefined for a text that is no length of time */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) return undefined;
  const length = Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
  return length > 0 ? length : undefined;
}

export const durationExamples = '10s, 15m, 6h or 1d';

/** In the largest unit and the next: 900000 is 15m, 5400000 is 1h 30m. */
export function formatDuration(lengthMs: number): string {
  const parts: string[] = [];
  let rest = lengthMs;
  for (const name of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / unitMs[name]);
    rest -= count * unitMs[name];
    if (count > 0) parts.push(`${count}${name}`);
  }
  return parts.slice(0, 2).join(' ') || '0s';
}
