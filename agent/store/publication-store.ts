/**
 * Which tensors the homeowner agreed to publish, and from when on their data may be used.
 */
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import type { Database } from './database.ts';

/** Consent is to a thing, not to a name: this tensor of this source and quantity. */
export interface Publication {
  readonly tensor: string;
  readonly source: string;
  readonly quantity: string;
  readonly consentFrom: EpochMs;
}

export class PublicationStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(): Publication[] {
    return this.#database
      .prepare<[], { tensor: string; source: string; quantity: string; consent_from_ms: number }>(
        'SELECT tensor, source, quantity, consent_from_ms FROM publications',
      )
      .all()
      .map(({ consent_from_ms, ...row }) => ({ ...row, consentFrom: epochMs(consent_from_ms) }));
  }

  publish({ tensor, source, quantity, consentFrom }: Publication, now: EpochMs): void {
    this.#database
      .prepare(
        `INSERT INTO publications (tensor, source, quantity, consent_from_ms, published_at_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (tensor) DO UPDATE SET source = excluded.source, quantity = excluded.quantity,
           consent_from_ms = excluded.consent_from_ms, published_at_ms = excluded.published_at_ms`,
      )
      .run(tensor, source, quantity, consentFrom, now);
  }

  /** What was read of the other source before is not part of it. */
  moveSource(from: string, to: string, now: EpochMs): void {
    this.#database
      .prepare('UPDATE publications SET source = ?, consent_from_ms = max(consent_from_ms, ?) WHERE source = ?')
      .run(to, now, from);
  }

  withdraw(tensor: string): void {
    this.#database.prepare('DELETE FROM publications WHERE tensor = ?').run(tensor);
  }
}
