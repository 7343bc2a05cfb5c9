/**
 * What a home has on disk of itself: settings, whom it enrolled with, the catalogue it last published, tariffs.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Database } from './database.ts';
import { nextSequence } from './restores.ts';

/** The authority and the coordinator that this home trusts, pinned once. */
export interface Enrolment {
  readonly home: string;
  readonly cohort: string;
  /** Ed25519 public keys, hex. */
  readonly authority: string;
  readonly coordinator: string;
  /** X.509 DER. */
  readonly certificate: Uint8Array;
  readonly enrolledAt: EpochMs;
}

export interface PublishedCatalogue {
  readonly sequence: number;
  /** The entries as JSON, to compare with those of now. */
  readonly entries: string;
  readonly signed: Uint8Array;
  readonly publishedAt: EpochMs;
}

export interface StoredTariff {
  readonly cohort: string;
  readonly sequence: number;
  readonly until: EpochMs;
  /** As received, its signature checked. */
  readonly text: string;
  readonly receivedAt: EpochMs;
}

/** Values are text. */
interface Settings {
  /** Whether this home reports to rounds. */
  readonly sharing: 'on' | 'off';
  /** Whether the householder has asked to be enrolled. */
  readonly enrolmentAsked: 'yes';
  /** Public key made at first start, hex: a key file that has another is not this home's. */
  readonly identity: string;
  /** Whether another agent was seen to use this home's identity, and the householder has not said that it is gone. */
  readonly twin: 'seen' | 'none';
}

export class HomeStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  setting<Name extends keyof Settings>(name: Name): Settings[Name] | undefined {
    return this.#database
      .prepare<[string], { value: Settings[Name] }>('SELECT value FROM home_settings WHERE name = ?')
      .get(name)?.value;
  }

  set<Name extends keyof Settings>(name: Name, value: Settings[Name]): void {
    this.#database
      .prepare(
        'INSERT INTO home_settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      )
      .run(name, value);
  }

  /** Off until the homeowner turns it on. */
  isSharing(): boolean {
    return this.setting('sharing') === 'on';
  }

  enrolment(): Enrolment | undefined {
    return this.#database
      .prepare<[], Enrolment>(
        `SELECT home, cohort, authority, coordinator, certificate, enrolled_at_ms AS enrolledAt FROM enrolment`,
      )
      .get();
  }

  /** Once: what is pinned stays. @throws {SqliteError} at a second try */
  keepEnrolment({ home, cohort, authority, coordinator, certificate, enrolledAt }: Enrolment): void {
    this.#database
      .prepare(
        `INSERT INTO enrolment (only_one, home, cohort, authority, coordinator, certificate, enrolled_at_ms)
         VALUES (1, ?, ?, ?, ?, ?, ?)`,
      )
      .run(home, cohort, authority, coordinator, certificate, enrolledAt);
  }

  /** A newer certificate by the same authority, for the same key and cohort. */
  renewCertificate(certificate: Uint8Array): void {
    this.#database.prepare('UPDATE enrolment SET certificate = ?').run(certificate);
  }

  catalogue(): PublishedCatalogue | undefined {
    return this.#database
      .prepare<[], PublishedCatalogue>(
        'SELECT sequence, entries, signed, published_at_ms AS publishedAt FROM published_catalogue',
      )
      .get();
  }

  nextCatalogueSequence(now: EpochMs): number {
    return nextSequence(this.#database, this.catalogue()?.sequence ?? 0, now);
  }

  /** @param tensors ids of its entries: they were shown from now on, whatever becomes of them */
  keepCatalogue({ sequence, entries, signed, publishedAt }: PublishedCatalogue, tensors: readonly string[]): void {
    const show = this.#database.prepare('INSERT OR IGNORE INTO published_tensors (id) VALUES (?)');
    this.#database.transaction(() => {
      this.#database
        .prepare(
          `INSERT OR REPLACE INTO published_catalogue (only_one, sequence, entries, signed, published_at_ms)
           VALUES (1, ?, ?, ?, ?)`,
        )
        .run(sequence, entries, signed, publishedAt);
      for (const id of tensors) show.run(id);
    })();
  }

  /** Ids of all tensors that a catalogue ever named. */
  shownTensors(): Set<string> {
    const rows = this.#database.prepare<[], { id: string }>('SELECT id FROM published_tensors').all();
    return new Set(rows.map(({ id }) => id));
  }

  /** The newest one of this cohort. */
  tariff(cohort: string): StoredTariff | undefined {
    return this.#database
      .prepare<[string], StoredTariff>(
        `SELECT cohort, sequence, until_ms AS "until", text, received_at_ms AS receivedAt
         FROM tariffs WHERE cohort = ? ORDER BY sequence DESC LIMIT 1`,
      )
      .get(cohort);
  }

  keepTariff({ cohort, sequence, until, text, receivedAt }: StoredTariff): void {
    this.#database
      .prepare('INSERT INTO tariffs (cohort, sequence, until_ms, text, received_at_ms) VALUES (?, ?, ?, ?, ?)')
      .run(cohort, sequence, until, text, receivedAt);
  }
}
