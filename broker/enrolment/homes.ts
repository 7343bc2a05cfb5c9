/**
 * The homes as the operator and the coordinator see them: what is stored, with who is connected now.
 */
import { createHash } from 'node:crypto';
import { toHex } from '../protocol/hex.ts';
import type { HomeRow } from '../protocol/operator.ts';
import type { ApprovedHome, HomeDirectory } from './home-directory.ts';
import type { HomeStore, StoredHomeWithMessages, StoredRequest } from './home-store.ts';
import type { Presence } from './presence.ts';

export class Homes implements HomeDirectory {
  readonly #store: HomeStore;
  readonly #presence: Presence;
  readonly #refusedKeys: ReadonlyMap<string, string>;

  /** @param refusedKeys by home id: why the agreement key that it last sent is not taken */
  constructor(store: HomeStore, presence: Presence, refusedKeys: ReadonlyMap<string, string>) {
    this.#store = store;
    this.#presence = presence;
    this.#refusedKeys = refusedKeys;
  }

  approved(cohort?: string): readonly ApprovedHome[] {
    return this.#store.approved(cohort).map(({ home, identity, certificate, agreementKey, catalogue, ...stored }) => ({
      home,
      cohort: stored.cohort,
      certificate,
      identity,
      agreementKey: agreementKey ?? undefined,
      catalogue: catalogue ?? undefined,
      online: this.#presence.of(home)?.online ?? false,
    }));
  }

  cohortOf(home: string): string | undefined {
    return this.#store.home(home)?.cohort;
  }

  cohorts(): readonly string[] {
    return this.#store.cohorts();
  }

  /** Those that ask first, they wait for the operator; these are in no cohort yet. */
  rows(cohort?: string): HomeRow[] {
    const asking = cohort === undefined ? this.#store.requests().map((request) => this.#askingRow(request)) : [];
    return [...asking, ...this.#store.approved(cohort).map((home) => this.#approvedRow(home))];
  }

  /** Of an approved home. */
  row(home: string): HomeRow | undefined {
    const cohort = this.cohortOf(home);
    return cohort === undefined ? undefined : this.rows(cohort).find((row) => row.home === home);
  }

  #askingRow({ home, identity, claim }: StoredRequest): HomeRow {
    // Somebody else may be connected under the name: nothing is known of this key's holder.
    const taken = this.cohortOf(home) !== undefined;
    return {
      home,
      state: 'asking',
      claim,
      fingerprint: fingerprintOf(identity),
      ...(taken ? { online: false } : this.#presenceOf(home)),
      ready: false,
    };
  }

  #approvedRow({ home, cohort, identity, claim, agreementKey, catalogue }: StoredHomeWithMessages): HomeRow {
    const keptOut = this.#refusedKeys.get(home);
    return {
      home,
      state: 'approved',
      cohort,
      claim,
      fingerprint: fingerprintOf(identity),
      ...this.#presenceOf(home),
      ready: agreementKey !== null && catalogue !== null,
      ...(keptOut !== undefined && { keptOut }),
    };
  }

  #presenceOf(home: string): Pick<HomeRow, 'online' | 'since'> {
    const seen = this.#presence.of(home);
    return seen === undefined ? { online: false } : seen;
  }
}

/** SHA-256 of the identity key, hex: what the home itself shows too. */
export function fingerprintOf(identity: Uint8Array): string {
  return toHex(createHash('sha256').update(identity).digest());
}
