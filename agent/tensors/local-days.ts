/**
 * Slots of whole local days: a day has 23 or 25 hours where the clocks change. Pure.
 */
import type { Grid } from '../../broker/protocol/fields.ts';
import { dayMs, instantOf, wallAt } from '../../broker/protocol/local-time.ts';

/**
 * @param from where the first slot begins; the others begin at the same time of the wall clock
 * @returns one after the other, as few as there can be
 */
export function dayGrids(zone: string, from: number, days: number, slots: number): Grid[] {
  const wall = wallAt(zone, from);
  const grids: Grid[] = [];
  let begins = from;
  for (let slot = 1; slot <= slots; slot++) {
    const ends = instantOf(zone, wall + slot * days * dayMs);
    const last = grids.at(-1);
    if (last?.step === ends - begins) grids[grids.length - 1] = { ...last, slots: last.slots + 1 };
    // A day that a zone left out when it moved over the date line has no slot.
    else if (ends > begins) grids.push({ from: begins, step: ends - begins, slots: 1 });
    begins = ends;
  }
  return grids;
}

/** How long each is: as many steps of one length, which is theirs where all are equal. */
export function dayLengths(zone: string, from: number, days: number, slots: number) {
  const lengths = dayGrids(zone, from, days, slots).flatMap((grid) => new Array<number>(grid.slots).fill(grid.step));
  const stepMs = lengths.reduce(greatestCommon, 0);
  return { stepMs, steps: lengths.map((length) => length / stepMs) };
}

function greatestCommon(one: number, other: number): number {
  return one === 0 ? other : greatestCommon(other % one, one);
}
