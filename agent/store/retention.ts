/**
 * The job that condenses readings and forgets old ones, on the agent's clock. Before the disk is full less is held; a disk
 * that fails does not end it.
 */
import { statfsSync } from 'node:fs';
import { after, type Clock } from '../../broker/protocol/clock.ts';
import type { Settings } from '../config-schema.ts';
import { AgentError } from '../errors.ts';
import type { Troubles } from '../troubles.ts';
import type { ReadingTiers } from './reading-tiers.ts';
import { pruning, type Retention } from './retention-plan.ts';
import { writeFailure } from './write-failure.ts';

export interface RetentionParts {
  readonly tiers: ReadingTiers;
  readonly retention: Retention;
  readonly dataDir: string;
  /** Free bytes on its disk. */
  readonly freeBytes: () => number;
  readonly clock: Clock;
  readonly troubles: Troubles;
}

/** Condensing takes a few milliseconds an hour: often, so that little is held in memory. */
const everyMs = 10 * 60_000;

export function retentionOf({ retention: { readings, minutes, leastFree } }: Pick<Settings, 'retention'>): Retention {
  return { readingsMs: readings, minutesMs: minutes, leastFreeBytes: leastFree * 1e6 };
}

export function freeBytesOn(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** @returns what ends it */
export function startRetention(parts: RetentionParts): { close: () => void } {
  const { clock } = parts;
  let isClosed = false;
  let callOff: () => void = () => {};
  const work = async () => {
    await retain(parts, () => isClosed);
    if (!isClosed) callOff = clock.at(after(clock.now(), everyMs), work);
  };
  callOff = clock.at(clock.now(), work);
  return {
    close() {
      isClosed = true;
      callOff();
    },
  };
}

async function retain({ tiers, retention, dataDir, freeBytes, troubles }: RetentionParts, isClosed: () => boolean) {
  try {
    while (!isClosed() && tiers.condense()) await turn();
    const holdings = tiers.holdings();
    if (holdings === undefined || isClosed()) return;
    const room = freeBytes() + tiers.freeBytesInFile();
    const plan = pruning({ ...holdings, freeBytes: room }, retention);
    while (!isClosed() && tiers.prune(plan)) await turn();
    if (plan.isShort) troubles.begin('room', new AgentError('DISK_SHORT', { megabytes: Math.floor(room / 1e6) }));
    else troubles.end('room', 'there is room for readings again');
  } catch (error) {
    // Said as what keeps the readings from being stored is; it is tried again.
    if (!isClosed()) troubles.begin('room', writeFailure(error, dataDir));
  }
}

/** Between two transactions others get theirs. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
