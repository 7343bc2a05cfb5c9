/**
 * Makes a good copy of the database soon after the start where there is none, and then one a week: a copy writes as much
 * as the database is large.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, type Clock } from '../../broker/protocol/clock.ts';
import { AgentError, toldBy } from '../errors.ts';
import type { Troubles } from '../troubles.ts';
import type { Database } from './database.ts';
import { copyPath, keepGoodCopy } from './good-copy.ts';
import { freeBytesOn } from './retention.ts';
import { writeFailure } from './write-failure.ts';

const everyMs = 7 * 24 * 3_600_000;
/** After the start, and between tries that failed: by then the home has enrolled or the disk has room. */
const soonMs = 10 * 60_000;
/** Left free beside a copy. */
const spareBytes = 64 * 1024 * 1024;

export interface CopyParts {
  readonly database: Database;
  readonly path: string;
  readonly clock: Clock;
  readonly troubles: Troubles;
}

export class CopyKeeper {
  readonly #parts: CopyParts;
  #stop: () => void;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: CopyParts) {
    this.#parts = parts;
    const { clock, path } = parts;
    const due = after(clock.now(), Math.max(soonMs, everyMs - ageOf(path, clock)));
    this.#stop = this.#at(due);
  }

  /** Waits for a copy that is being made. */
  async close(): Promise<void> {
    this.#stop();
    await this.#running;
  }

  #at(due: ReturnType<typeof after>): () => void {
    return this.#parts.clock.at(due, () => {
      this.#running = this.#make();
      return this.#running;
    });
  }

  async #make(): Promise<void> {
    const { database, path, clock, troubles } = this.#parts;
    let isMade = false;
    try {
      assertRoom(path);
      await keepGoodCopy(path);
      isMade = true;
      troubles.end('copy', 'a good copy of the database was made again');
    } catch (error) {
      // A closed database: the agent ends.
      if (!database.open) return;
      troubles.begin('copy', toldBy(error) === undefined ? writeFailure(error, dirname(path)) : (error as AgentError));
    }
    if (database.open) this.#stop = this.#at(after(clock.now(), isMade ? everyMs : soonMs));
  }
}

/** A copy from the future was made by a clock that was wrong: as good as none. */
function ageOf(path: string, clock: Clock): number {
  const made = statSync(copyPath(path), { throwIfNoEntry: false })?.mtimeMs;
  return made === undefined || made > clock.now() ? everyMs : clock.now() - made;
}

function assertRoom(path: string): void {
  const { size } = statSync(path);
  const free = freeBytesOn(dirname(path));
  if (free < size + spareBytes) {
    throw new AgentError('COPY_NOT_MADE', { path, needed: megabytes(size + spareBytes), free: megabytes(free) });
  }
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}
