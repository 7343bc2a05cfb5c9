/**
 * What an appliance draws over time: always the same, in cycles, or at times of the day. Exact to the millisecond.
 */

import type { LivingLoad } from './load.ts';

export type ApplianceUse =
  | { readonly watts: number }
  /** On for a while, off for a while, in step since 1970. */
  | { readonly watts: number; readonly on: number; readonly off: number }
  /** From each of these times of the local day (milliseconds since midnight) for so long. */
  | { readonly watts: number; readonly at: readonly number[]; readonly for: number };

const dayMs = 86_400_000;

export function applianceLoad(use: ApplianceUse): LivingLoad {
  if ('on' in use) {
    const period = use.on + use.off;
    return {
      watts: (at) => (at % period < use.on ? use.watts : 0),
      changes: (from, to) => multiples(period, from, to).flatMap((start) => within([start, start + use.on], from, to)),
    };
  }
  if ('at' in use) {
    const starts = (from: number, to: number) =>
      daysOf(from - use.for, to).flatMap((day) => use.at.map((at) => day + at));
    return {
      watts: (at) => (starts(at, at).some((start) => start <= at && at < start + use.for) ? use.watts : 0),
      changes: (from, to) =>
        within(
          starts(from, to).flatMap((start) => [start, start + use.for]),
          from,
          to,
        ),
    };
  }
  return { watts: () => use.watts, changes: () => [] };
}

/** Several on one meter. */
export function together(loads: readonly LivingLoad[]): LivingLoad {
  return {
    watts: (at) => loads.reduce((sum, load) => sum + load.watts(at), 0),
    changes: (from, to) =>
      within(
        loads.flatMap((load) => load.changes(from, to)),
        from,
        to,
      ),
  };
}

/** Behind something that turns it. */
export interface Gate {
  readonly isOn: (at: number) => boolean;
  readonly changes: (from: number, to: number) => readonly number[];
}

export function behind(gate: Gate, load: LivingLoad): LivingLoad {
  return {
    watts: (at) => (gate.isOn(at) ? load.watts(at) : 0),
    changes: (from, to) => within([...load.changes(from, to), ...gate.changes(from, to)], from, to),
  };
}

/** Those after `from` and up to `to`, each once, ascending. */
function within(instants: readonly number[], from: number, to: number): number[] {
  const inside = instants.filter((at) => at > from && at <= to);
  return [...new Set(inside)].sort((one, other) => one - other);
}

/** Beginnings of periods that may reach into the time between. */
function multiples(period: number, from: number, to: number): number[] {
  const first = Math.floor(from / period);
  return Array.from({ length: Math.floor(to / period) - first + 1 }, (_, index) => (first + index) * period);
}

/** Local midnights of the days that touch the time between. */
function daysOf(from: number, to: number): number[] {
  const midnights: number[] = [];
  const day = new Date(from);
  // The day before too: what begins late in it may last.
  day.setHours(0, 0, 0, 0);
  for (; day.getTime() <= to; day.setDate(day.getDate() + 1)) midnights.push(day.getTime());
  if (midnights.length === 0) midnights.push(new Date(from).setHours(0, 0, 0, 0));
  return midnights.filter((midnight) => midnight + dayMs * 2 > from);
}
