/**
 * Two agents with one identity: neither knows what the other one releases, so sharing stops until the householder says
 * that one of them is gone.
 */
import type { Clock, EpochMs } from '../broker/protocol/clock.ts';
import type { AgreementKeys } from './agreement-keys.ts';
import { AgentError } from './errors.ts';
import type { Database } from './store/database.ts';
import type { HomeStore } from './store/home-store.ts';
import { noteRestore } from './store/restores.ts';
import type { TrustedTime } from './time/time-watch.ts';
import type { Troubles } from './troubles.ts';
import { TwinWatch } from './twin-watch.ts';

export interface TwinParts {
  readonly home: string;
  readonly store: HomeStore;
  readonly database: Database;
  readonly clock: Clock;
  readonly time: TrustedTime;
  readonly troubles: Troubles;
}

export class TwinGuard {
  readonly #parts: TwinParts;
  readonly #watch: TwinWatch;

  constructor(parts: TwinParts) {
    this.#parts = parts;
    this.#watch = new TwinWatch(parts.clock.now());
    if (this.#isKnown()) this.#tell();
  }

  /** The agent's own status, as it is made: `since` stands for it. */
  says = (since: EpochMs): void => this.#watch.says(since);

  /** A status of this home came from the broker. */
  statusCame(payload: Uint8Array): void {
    const { store, clock } = this.#parts;
    if (!this.#watch.seen(payload, clock.now()) || this.#isKnown()) return;
    store.set('twin', 'seen');
    store.set('sharing', 'off');
    this.#tell();
  }

  /**
   * The householder turns sharing on: the other one is gone. What it released until now is known to nobody here.
   * @returns whether there was one
   * @throws {AgentError} CLOCK_DOUBTED
   */
  isGone(keys: AgreementKeys): boolean {
    const { store, database, clock, time, troubles } = this.#parts;
    if (!this.#isKnown()) return false;
    if (!time.isTrusted()) throw new AgentError('CLOCK_DOUBTED');
    const now = clock.now();
    noteRestore(database, { at: now, cause: 'newer-known' });
    keys.startAnew(now);
    store.set('twin', 'none');
    troubles.end('twin', 'the other agent with this identity is said to be gone');
    return true;
  }

  #isKnown(): boolean {
    return this.#parts.store.setting('twin') === 'seen';
  }

  #tell(): void {
    this.#parts.troubles.begin('twin', new AgentError('TWIN_SEEN', { home: this.#parts.home }));
  }
}
