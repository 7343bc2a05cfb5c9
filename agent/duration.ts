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

/** In the largest unit that holds it: 900000 is 15m. */
export function formatDuration(lengthMs: number): string {
  for (const name of ['d', 'h', 'm', 's'] as const) {
    if (lengthMs >= unitMs[name] && lengthMs % unitMs[name] === 0) return `${lengthMs / unitMs[name]}${name}`;
  }
  return `${lengthMs}ms`;
}
