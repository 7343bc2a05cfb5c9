/**
 * Keeps an enrolled home's agreement keys: shows the newest, renews and erases them in time with what they were for, and
 * takes what the broker keeps of this home for what it may be: the word of a newer copy of it.
 */
import type { Logger } from 'pino';
import { after, type Clock } from '../broker/protocol/clock.ts';
import { AgreementKey, Catalogue } from '../broker/protocol/messages.ts';
import { openSigned, signMessage } from '../broker/protocol/signing.ts';
import type { KeyRules } from './key-life.ts';
import type { HomeKeys } from './keys.ts';
import type { Database } from './store/database.ts';
import { forgetRounds } from './store/forget-rounds.ts';
import { HomeStore } from './store/home-store.ts';
import { lastRestore, noteRestore, settleRestores } from './store/restores.ts';

export interface KeyKeeperParts {
  readonly home: string;
  readonly keys: HomeKeys;
  readonly rules: KeyRules;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly publish: (signed: Uint8Array) => Promise<void>;
  /** Keys are gone: what was agreed with them is to be forgotten. */
  readonly erased: () => void;
  /** All keys are new, and the catalogue is to be signed anew. */
  readonly restored: () => Promise<void>;
}

/** Retained messages of this home's own. */
export type OwnTopic = 'agreementKey' | 'catalogue';

const lookEveryMs = 3_600_000;

export class KeyKeeper {
  readonly #parts: KeyKeeperParts;
  #stop: (() => void) | undefined;

  constructor(parts: KeyKeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock } = this.#parts;
    this.#stop = clock.at(after(clock.now(), lookEveryMs), async () => {
      this.start();
      if (this.#tend()) await this.#show();
    });
  }

  close(): void {
    this.#stop?.();
  }

  /** After a connect, once the broker has been asked for what it keeps of this home. */
  async connected(): Promise<void> {
    this.#tend();
    await this.#show();
  }

  /** Its own retained message, or an echo. Only what this home has signed counts. */
  async ownCame(topic: OwnTopic, payload: Uint8Array): Promise<void> {
    const { database, keys, clock, log, home } = this.#parts;
    const sequence = this.#sequenceIn(topic, payload);
    if (sequence === undefined || sequence <= this.#known(topic)) return;
    log.error({ topic, home }, 'the broker keeps something newer of this home: its data is an older copy');
    const now = clock.now();
    noteRestore(database, { at: now, cause: 'newer-known', sequencesUntil: sequence });
    settleRestores(database, now);
    keys.agreement.startAnew(now);
    await this.#parts.restored();
    await this.#show();
  }

  /** @returns whether there is a new key to show */
  #tend(): boolean {
    const { keys, clock, rules, database, log, erased: forget } = this.#parts;
    const now = clock.now();
    const settled = settleRestores(database, now);
    if (settled !== undefined) log.warn(settled, 'this home goes on from an older copy: what began before stays home');
    const { made, erased } = keys.agreement.renew(now, rules);
    if (made) log.info({ sequence: keys.agreement.newest.sequence }, 'a new agreement key');
    if (erased.length > 0) {
      log.info({ sequences: erased }, 'agreement keys erased: no round needs them any more');
      forget();
    }
    const rounds = forgetRounds(database, now);
    if (rounds > 0) log.info({ rounds }, 'messages of rounds forgotten: the key they were for is erased');
    return made;
  }

  /** For the next roster. */
  #show(): Promise<void> {
    const { home, keys, publish } = this.#parts;
    const { sequence, secret } = keys.agreement.newest;
    return publish(signMessage(keys.identity, AgreementKey, { home, sequence, key: secret.publicKey }));
  }

  #sequenceIn(topic: OwnTopic, payload: Uint8Array): number | undefined {
    const { home, keys } = this.#parts;
    const { publicKey } = keys.identity;
    try {
      const { fields } =
        topic === 'agreementKey'
          ? openSigned(AgreementKey, publicKey, payload, home)
          : openSigned(Catalogue, publicKey, payload, home);
      return fields.home === home ? fields.sequence : undefined;
    } catch {
      // Anyone may have put it there; also an empty one, which clears.
      return undefined;
    }
  }

  /** What was there before a restore was newer than the copy, that is known. */
  #known(topic: OwnTopic): number {
    const { database, keys } = this.#parts;
    const newest =
      topic === 'agreementKey' ? keys.agreement.newest.sequence : (new HomeStore(database).catalogue()?.sequence ?? 0);
    return Math.max(newest, Math.floor((lastRestore(database)?.at ?? 0) / 1000));
  }
}
