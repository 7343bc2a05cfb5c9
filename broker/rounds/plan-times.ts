/**
 * The times of a round: which grids are asked for, until when reports are awaited, when it all ends. Pure.
 */
import type { BrokerConfig } from '../config.ts';
import { after, type EpochMs, epochMs } from '../protocol/clock.ts';
import type { Grid } from '../protocol/fields.ts';
import { gridEnd } from '../protocol/grid.ts';
import type { RoundRequest } from '../protocol/operator.ts';
import { longestExpiryMs } from '../protocol/round.ts';
import { RoundError } from './errors.ts';

/** What homes accept unless their owner changes it. */
export const shortestSlotMs = 15 * 60_000;
/** A round that is announced keeps a roster in use: not for longer than this before a home can even report. */
const longestWaitMs = 7 * 24 * 3_600_000;

/** @throws {RoundError} ROUND_SLOT_TOO_SHORT, ROUND_GRID_AHEAD, ROUND_GRID_TOO_OLD */
export function assertGrid(grid: Grid, now: EpochMs): void {
  if (grid.step < shortestSlotMs) throw new RoundError('ROUND_SLOT_TOO_SHORT', { step: inWords(grid.step) });
  const end = grid.from + grid.step * grid.slots;
  if (grid.from > now) {
    throw new RoundError('ROUND_GRID_AHEAD', { what: `begin at ${iso(grid.from)}` }, { retryAt: epochMs(grid.from) });
  }
  if (end > now + longestWaitMs) {
    const retryAt = epochMs(end - longestWaitMs);
    throw new RoundError('ROUND_GRID_AHEAD', { what: `end at ${iso(end)}` }, { retryAt });
  }
  if (end + longestExpiryMs <= now) throw new RoundError('ROUND_GRID_TOO_OLD', { end: iso(end) });
}

/**
 * Homes report once the grid is over, so both times count from then on.
 * @throws {RoundError} ROUND_DEADLINE_UNFIT, ROUND_EXPIRY_UNFIT
 */
export function endsOf(
  request: RoundRequest,
  grid: Grid,
  now: EpochMs,
  settings: BrokerConfig['rounds'],
): { deadline: EpochMs; expiry: EpochMs } {
  const end = gridEnd(grid);
  const start = epochMs(Math.max(now, end));
  const last = after(end, longestExpiryMs);
  const expiry = epochMs(request.expiry ?? Math.min(after(start, settings.expireAfter), last));
  const why = expiryProblem(expiry, start, last);
  if (why !== undefined) throw new RoundError('ROUND_EXPIRY_UNFIT', { expiry: iso(expiry), why });
  // Where little is left, half of it is for reports and half for answers.
  const half = Math.floor((start + expiry) / 2);
  const deadline = epochMs(request.deadline ?? Math.min(after(start, settings.reportWithin), half));
  const wrong = deadlineProblem(deadline, start, expiry);
  if (wrong !== undefined) throw new RoundError('ROUND_DEADLINE_UNFIT', { deadline: iso(deadline), why: wrong });
  return { deadline, expiry };
}

function expiryProblem(expiry: number, start: number, last: number): string | undefined {
  if (expiry <= start) return `is not after ${iso(start)}, when the homes can begin to report`;
  return expiry > last ? 'is more than 14 days after the last slot' : undefined;
}

function deadlineProblem(deadline: number, start: number, expiry: number): string | undefined {
  if (deadline < start) return `is before ${iso(start)}, when the homes can begin to report`;
  return deadline >= expiry ? `leaves no time for answers until the expiry ${iso(expiry)}` : undefined;
}

function inWords(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} minutes` : `${ms / 1000} s`;
}

/** Years beyond what a Date holds are told as a number. */
function iso(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? `${at} ms` : date.toISOString();
}
