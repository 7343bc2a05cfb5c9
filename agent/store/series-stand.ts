/**
 * Where a series stands: its last reading, and of a counter the last that is believed. Pure.
 */
import { type CounterState, readsToBelieve, standAfter } from '../polling/counter.ts';
import type { Reading } from '../tensors/edges.ts';
import { type Condensed, nothingCondensed } from './condense-hour.ts';

export interface Stand {
  readonly first?: number;
  readonly last?: Reading;
  readonly believed?: NonNullable<CounterState['last']>;
  /** After the last that is believed; no more than are needed to believe them. */
  readonly doubtful: readonly Reading[];
  /** Stored so far, whatever became of them. */
  readonly readings: number;
}

/** As it is stored: all that is known of the time before the readings that are not condensed. */
export interface StoredStand extends Stand {
  readonly condensed: Condensed;
}

export const nothingStands: StoredStand = { doubtful: [], readings: 0, condensed: nothingCondensed };

const noneDoubtful: readonly Reading[] = [];

export function advance(stand: Stand, reading: Reading): Stand {
  const { at, value, mark } = reading;
  const { believed } = stand;
  // Each field by name: for each of a million readings, V8 keeps what is spread into another object for a long while.
  const [first, last, readings] = [stand.first ?? at, reading, stand.readings + 1];
  if (mark === 'doubtful') {
    const doubtful = [...stand.doubtful, reading].slice(1 - readsToBelieve);
    return believed === undefined ? { first, last, doubtful, readings } : { first, last, believed, doubtful, readings };
  }
  return { first, last, believed: standAfter(believed, { at, value }, mark), doubtful: noneDoubtful, readings };
}
