import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../agent/duration.ts';

describe('lengths of time as people write them', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['15m', 900_000],
    ['6h', 21_600_000],
    ['1d', 86_400_000],
  ])('%s is %d ms, and back', (text, length) => {
    expect(parseDuration(text)).toBe(length);
    expect(formatDuration(length)).toBe(text);
  });

  it.each([
    [5_400_000, '1h 30m'],
    [90_061_000, '1d 1h'],
    [0, '0s'],
  ])('%d ms are shown as %s', (length, text) => {
    expect(formatDuration(length)).toBe(text);
  });

  it.each(['', '10', '10 s', '1h30m', '-5s', '0s', '1.5h', 'PT6H', '10sec'])('"%s" is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
