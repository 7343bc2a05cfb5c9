/**
 * Random counters with gaps, resets and jumps, cut into random slots: what a slot says beside what the counter really
 * counted. Most edges are where it was read: there nothing is interpolated, and a digit too many is seen.
 */
import type { Reading } from '../../agent/tensors/edges.ts';
import { resampled } from '../agent/tensors/resampled.ts';
import { randomShares } from '../random.ts';

/** The last digit that is kept. */
const digit = 0.001;
const minute = 60_000;
const quarter = 15 * minute;
const hours = 6;

/** @returns how many slots are wrong by more than a last digit at each of their edges */
export function energyLostOrMade(series: number): number {
  let [wrong, slots] = [0, 0];
  for (let seed = 1; seed <= series; seed++) {
    const next = randomShares(seed);
    const { readings, counted } = counter(next);
    const step = quarter * (1 + Math.floor(next() * 4));
    const grid = { from: 0, step, slots: Math.floor((hours * 60 * minute) / step) };
    const { values, coverage } = resampled('change', readings, grid, 5 * minute);
    for (const [slot, one] of coverage.entries()) {
      if (one !== 'covered') continue;
      const from = slot * step;
      const [low, high] = [counted(from), counted(from + step)];
      const value = values[slot] ?? 0;
      // Between two readings any course is possible: what lies outside of all of them was lost or made.
      const error = Math.max(0, value - (high.most - low.least), high.least - low.most - value);
      // Beyond it only what doubles cannot say.
      if (error > 2 * digit * (1 + 1e-6)) wrong += 1;
      slots += 1;
    }
  }
  if (slots < series) throw new Error('too few slots are covered: nothing was measured');
  return wrong;
}

/** Polls that are late, missed, or hours apart; a counter that begins anew or jumps within what it carries. */
function counter(next: () => number) {
  const readings: Reading[] = [];
  const truth: { at: number; total: number }[] = [];
  let [at, value, total] = [-10 * minute, 1000 * next(), 0];
  while (at < (hours + 1) * 60 * minute) {
    const later = at + (next() < 0.02 ? Math.floor(next() * 90 * minute) : 1 + Math.floor(next() * minute));
    const edge = (Math.floor(at / quarter) + 1) * quarter;
    at = later > edge && next() < 0.9 ? edge : Math.max(later, at + 1);
    const grown = next() < 0.01 ? 5000 * next() : 30 * next();
    total += grown;
    const isAnew = next() < 0.01;
    value = isAnew ? 0 : value + grown;
    readings.push({ at, value, mark: isAnew ? 'anew' : 'good' });
    truth.push({ at, total });
  }
  /** What was counted by an instant lies between the readings on both sides of it. */
  const counted = (instant: number) => {
    const after = truth.findIndex((one) => one.at >= instant);
    const [one, other] = [truth[after - 1] ?? truth[0], truth[after] ?? truth.at(-1)];
    if (other?.at === instant) return { least: other.total, most: other.total };
    return { least: one?.total ?? 0, most: other?.total ?? 0 };
  };
  return { readings, counted };
}
