/**
 * Rosters on disk, and the newest agreement key of each home that one of them named.
 */
import type { EpochMs } from '../protocol/clock.ts';
import { toHex } from '../protocol/hex.ts';
import type { AcceptedRoster, SeenKey } from '../protocol/roster.ts';
import type { Database } from '../store/database.ts';
import { clearedLately } from './cleared-lately.ts';

export interface StoredRoster {
  readonly hash: Uint8Array;
  readonly cohort: string;
  readonly epoch: number;
  readonly signed: Uint8Array;
  readonly publishedAt: EpochMs;
}

/** Which roster it is. Its bytes are many: they are read one by one. */
export type RosterName = Pick<StoredRoster, 'hash' | 'cohort'>;

/** The newest of a cohort is in use, and every one that a running round names. */
const inUse = `
  (epoch = (SELECT max(epoch) FROM rosters r WHERE r.cohort = rosters.cohort)
   OR hash IN (SELECT roster FROM rounds WHERE cleared = 0 AND round NOT IN (SELECT round FROM results)))`;

export class RosterStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(roster: AcceptedRoster, signed: Uint8Array, now: EpochMs): void {
    const key = this.#database.prepare('INSERT OR REPLACE INTO roster_keys (home, sequence, key) VALUES (?, ?, ?)');
    this.#database.transaction(() => {
      this.#database
        .prepare('INSERT INTO rosters (hash, cohort, epoch, signed, published_at_ms) VALUES (?, ?, ?, ?, ?)')
        .run(roster.hash, roster.cohort, roster.epoch, signed, now);
      for (const home of roster.homes) key.run(home.id, home.sequence, home.agreement);
    })();
  }

  /** Hash by epoch. */
  epochs(cohort: string): Map<number, Uint8Array> {
    const rows = this.#database.prepare('SELECT epoch, hash FROM rosters WHERE cohort = ?').all(cohort);
    return new Map((rows as { epoch: number; hash: Buffer }[]).map(({ epoch, hash }) => [epoch, hash]));
  }

  seenKeys(): Map<string, SeenKey> {
    const rows = this.#database.prepare('SELECT home, sequence, key FROM roster_keys').all();
    return new Map(
      (rows as ({ home: string } & SeenKey)[]).map(({ home, sequence, key }) => [home, { sequence, key }]),
    );
  }

  newest(cohort: string): StoredRoster | undefined {
    return this.#select('cohort = ? ORDER BY epoch DESC LIMIT 1', cohort)[0];
  }

  get(hash: Uint8Array): StoredRoster {
    const [roster] = this.#select('hash = ?', hash);
    if (roster === undefined) throw new RangeError(`no roster ${toHex(hash)} is stored`);
    return roster;
  }

  inUse(): RosterName[] {
    return this.#names(`cleared = 0 AND ${inUse}`);
  }

  /** Those out of use whose retained message the broker has not taken back yet. */
  toClear(): RosterName[] {
    return this.#names(`cleared = 0 AND NOT ${inUse}`);
  }

  /** Those that it took back lately, as it may have forgotten. */
  clearedLately(): RosterName[] {
    return this.#names(clearedLately('rosters'));
  }

  markCleared(hash: Uint8Array, now: EpochMs): void {
    this.#database.prepare('UPDATE rosters SET cleared = 1, cleared_at_ms = ? WHERE hash = ?').run(now, hash);
  }

  #names(where: string): RosterName[] {
    return this.#database.prepare(`SELECT hash, cohort FROM rosters WHERE ${where}`).all() as RosterName[];
  }

  #select(where: string, ...values: readonly (string | Uint8Array)[]): StoredRoster[] {
    return this.#database
      .prepare(`SELECT hash, cohort, epoch, signed, published_at_ms AS publishedAt FROM rosters WHERE ${where}`)
      .all(...values) as StoredRoster[];
  }
}
