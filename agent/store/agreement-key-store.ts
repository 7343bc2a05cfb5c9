/**
 * What the database knows of this home's agreement keys: their public halves, and how long each is needed.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Database } from './database.ts';
import { nextSequence } from './restores.ts';

export interface KnownKey {
  readonly sequence: number;
  /** Undefined where making it was cut off. */
  readonly publicKey: Uint8Array | undefined;
  readonly madeAt: EpochMs;
  readonly erased: boolean;
}

export class AgreementKeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Ascending. */
  keys(): KnownKey[] {
    return this.#database
      .prepare<[], Omit<KnownKey, 'publicKey' | 'erased'> & { key: Uint8Array | null; erased: number }>(
        `SELECT sequence, key, made_at_ms AS madeAt, erased_at_ms IS NOT NULL AS erased
         FROM agreement_keys ORDER BY sequence`,
      )
      .all()
      .map(({ key, erased, ...known }) => ({ ...known, publicKey: key ?? undefined, erased: erased === 1 }));
  }

  /** The sequence of a new key, taken for ever. */
  reserve(now: EpochMs): number {
    const sequence = nextSequence(this.#database, this.keys().at(-1)?.sequence ?? 0, now);
    this.#database.prepare('INSERT INTO agreement_keys (sequence, made_at_ms) VALUES (?, ?)').run(sequence, now);
    return sequence;
  }

  fill(sequence: number, publicKey: Uint8Array): void {
    this.#database.prepare('UPDATE agreement_keys SET key = ? WHERE sequence = ?').run(publicKey, sequence);
  }

  markErased(sequence: number, at: EpochMs): void {
    this.#database.prepare('UPDATE agreement_keys SET erased_at_ms = ? WHERE sequence = ?').run(at, sequence);
  }

  /** Sequence -> the last expiry of the rounds accepted under rosters that name the key. */
  lastExpiries(): Map<number, EpochMs> {
    const rows = this.#database
      .prepare<[], { sequence: number; expiry: EpochMs }>(
        `SELECT own_sequence AS sequence, max(expiry_ms) AS expiry
         FROM rounds JOIN rosters ON rosters.hash = rounds.roster GROUP BY own_sequence`,
      )
      .all();
    return new Map(rows.map(({ sequence, expiry }) => [sequence, expiry]));
  }

  /** The newest of this home's keys that a roster has named; 0 before the first one. */
  newestNamed(): number {
    return this.#database.prepare<[], number>('SELECT coalesce(max(own_sequence), 0) FROM rosters').pluck().get() ?? 0;
  }
}
