/**
 * The home's agreement keys: the newest one, which it publishes, and older ones for as long as a round may need them.
 * The database knows their sequences and public halves, a file each holds the private one.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AgreementSecret, agreementFromPrivate, generateAgreement } from '../broker/protocol/agreement.ts';
import type { EpochMs } from '../broker/protocol/clock.ts';
import { fromHex, sameBytes, toHex } from '../broker/protocol/hex.ts';
import { AgentError } from './errors.ts';
import { type KeyRules, keyDuties, takesRounds } from './key-life.ts';
import { erasePrivate, keyIn, readPrivate, writePrivate } from './private-file.ts';
import { AgreementKeyStore, type KnownKey } from './store/agreement-key-store.ts';
import type { Database } from './store/database.ts';
import { noteRestore } from './store/restores.ts';

export interface OwnAgreementKey {
  readonly sequence: number;
  readonly secret: AgreementSecret;
}

export const agreementPath = (dataDir: string, sequence: number) => join(dataDir, `agreement-${sequence}.key`);

export class AgreementKeys {
  readonly #dataDir: string;
  readonly #store: AgreementKeyStore;
  /** By sequence, ascending: the last one is the newest. */
  readonly #held = new Map<number, OwnAgreementKey>();

  /** @throws {AgentError} KEY_FILE_OPEN, KEY_FILE_UNUSABLE, KEY_FILE_DIFFERS */
  constructor(dataDir: string, database: Database, now: EpochMs) {
    this.#dataDir = dataDir;
    this.#store = new AgreementKeyStore(database);
    if (!this.#belongTogether()) noteRestore(database, { at: now, cause: 'keys-differ' });
    this.#load(now);
  }

  get newest(): OwnAgreementKey {
    const newest = [...this.#held.values()].at(-1);
    if (newest === undefined) throw new RangeError('an open set of keys has a newest one');
    return newest;
  }

  /** Of those not erased, ascending. */
  sequences(): readonly number[] {
    return [...this.#held.keys()];
  }

  /** @returns undefined where it is erased, or was never this home's */
  find(sequence: number, publicKey: Uint8Array): OwnAgreementKey | undefined {
    const held = this.#held.get(sequence);
    return held !== undefined && sameBytes(held.secret.publicKey, publicKey) ? held : undefined;
  }

  /** Whether a round may still be accepted under a roster that names it. */
  takesRounds(sequence: number, now: EpochMs): boolean {
    return this.#held.has(sequence) && takesRounds(this.#alive(), sequence, now);
  }

  /** Makes a new key where the newest has served its time, erases those that no round needs any more. */
  renew(now: EpochMs, rules: KeyRules): { readonly made: boolean; readonly erased: readonly number[] } {
    const lastExpiries = this.#store.lastExpiries();
    const lives = this.#alive().map((key) => ({ ...key, lastExpiry: lastExpiries.get(key.sequence) }));
    const { make, erase } = keyDuties(lives, this.#store.newestNamed(), now, rules);
    for (const sequence of erase) this.#erase(sequence, now);
    if (make) this.#make(now);
    return { made: make, erased: erase };
  }

  /** After `noteRestore`: all that there were are erased, and one is made. */
  startAnew(now: EpochMs): void {
    this.#held.clear();
    this.#load(now);
  }

  #alive(): KnownKey[] {
    return this.#store.keys().filter(({ sequence }) => this.#held.has(sequence));
  }

  /** Whether every key that the database holds alive has its file, and every file a row. */
  #belongTogether(): boolean {
    const keys = this.#store.keys();
    const files = this.#files();
    const alive = keys.filter(({ erased, publicKey }) => !erased && publicKey !== undefined);
    return (
      alive.every(({ sequence }) => files.includes(sequence)) &&
      files.every((sequence) => keys.some((key) => key.sequence === sequence))
    );
  }

  #load(now: EpochMs): void {
    const alive = new Map<number, KnownKey>();
    for (const key of this.#store.keys()) {
      if (!key.erased && key.publicKey !== undefined) alive.set(key.sequence, key);
      else if (!key.erased) this.#store.markErased(key.sequence, now);
    }
    for (const sequence of this.#files())
      if (!alive.has(sequence)) erasePrivate(agreementPath(this.#dataDir, sequence));
    for (const [sequence, { publicKey }] of alive) this.#held.set(sequence, this.#read(sequence, publicKey));
    if (this.#held.size === 0) this.#make(now);
  }

  #make(now: EpochMs): void {
    const sequence = this.#store.reserve(now);
    const secret = generateAgreement();
    writePrivate(agreementPath(this.#dataDir, sequence), `${toHex(secret.exportPrivate())}\n`);
    this.#store.fill(sequence, secret.publicKey);
    this.#held.set(sequence, { sequence, secret });
  }

  #erase(sequence: number, now: EpochMs): void {
    this.#held.delete(sequence);
    this.#store.markErased(sequence, now);
    erasePrivate(agreementPath(this.#dataDir, sequence));
  }

  #read(sequence: number, publicKey: Uint8Array | undefined): OwnAgreementKey {
    const path = agreementPath(this.#dataDir, sequence);
    const text = readPrivate(path);
    if (text === undefined || publicKey === undefined) throw new AgentError('KEY_FILE_MISSING', { path });
    const secret = keyIn(path, () => agreementFromPrivate(fromHex(text.trim())));
    if (!sameBytes(secret.publicKey, publicKey)) throw new AgentError('KEY_FILE_DIFFERS', { path });
    return { sequence, secret };
  }

  /** Sequences, of the files there are. */
  #files(): number[] {
    return readdirSync(this.#dataDir).flatMap((name) => {
      const sequence = /^agreement-(\d+)\.key$/.exec(name)?.[1];
      return sequence === undefined ? [] : [Number(sequence)];
    });
  }
}
