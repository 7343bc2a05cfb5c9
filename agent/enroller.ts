/**
 * Gets the home enrolled: asks at every connect and each day until there is a reply, pins what the first good one says.
 */
import type { Logger } from 'pino';
import { isDueForRenewal, readNames } from '../broker/protocol/certificate.ts';
import type { Clock, EpochMs } from '../broker/protocol/clock.ts';
import type { SigningKey } from '../broker/protocol/signing.ts';
import { filterOf } from '../broker/protocol/topics.ts';
import type { AgentConfig } from './config.ts';
import { type EnrolmentOutcome, enrolmentRequest, readReply } from './enrolment.ts';
import { AgentError } from './errors.ts';
import type { MqttLink } from './mqtt-link.ts';
import { RefusedError } from './policy/refusals.ts';
import type { RefusalLog } from './rounds/refusal-log.ts';
import type { HomeStore } from './store/home-store.ts';

export type EnrolmentStatus =
  | { readonly state: 'none' }
  /** `refused`: what came back last; an operator may still approve. */
  | { readonly state: 'asked'; readonly refused?: { code: string; says: string; remedy: string } }
  | {
      readonly state: 'enrolled';
      readonly cohort: string;
      /** Pinned Ed25519 public keys, hex. */
      readonly authority: string;
      readonly coordinator: string;
      readonly since: EpochMs;
    };

export interface EnrollerParts {
  readonly config: Pick<AgentConfig, 'home' | 'claim' | 'broker' | 'pins'>;
  readonly store: HomeStore;
  readonly identity: SigningKey;
  readonly refusals: RefusalLog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly link: MqttLink;
}

export class Enroller {
  readonly #parts: EnrollerParts;
  #refused: { code: string; says: string; remedy: string } | undefined;

  /** @throws {AgentError} HOME_ID_DIFFERS, PINS_DIFFER */
  constructor(parts: EnrollerParts) {
    this.#parts = parts;
    const { config, store } = parts;
    const enrolled = store.enrolment();
    if (enrolled === undefined) return;
    if (enrolled.home !== config.home) {
      throw new AgentError('HOME_ID_DIFFERS', { found: enrolled.home, home: config.home });
    }
    for (const party of ['authority', 'coordinator'] as const) {
      if (config.pins !== undefined && config.pins[party] !== enrolled[party]) {
        throw new AgentError('PINS_DIFFER', { party });
      }
    }
  }

  status(): EnrolmentStatus {
    const { store } = this.#parts;
    const enrolled = store.enrolment();
    if (enrolled !== undefined) {
      const { cohort, authority, coordinator, enrolledAt } = enrolled;
      return { state: 'enrolled', cohort, authority, coordinator, since: enrolledAt };
    }
    if (store.setting('enrolmentAsked') === undefined) return { state: 'none' };
    return this.#refused === undefined ? { state: 'asked' } : { state: 'asked', refused: this.#refused };
  }

  /** The householder's wish. */
  async ask(): Promise<EnrolmentStatus> {
    if (this.status().state === 'enrolled') return this.status();
    this.#parts.store.set('enrolmentAsked', 'yes');
    this.#refused = undefined;
    await this.#send();
    return this.status();
  }

  async connected(): Promise<void> {
    const { link, config } = this.#parts;
    await link.subscribe(filterOf(config.broker.prefix, 'enrolmentReply', { home: config.home }));
    await this.askIfDue();
  }

  /** At every connect, and each day while it lasts. */
  async askIfDue(): Promise<void> {
    const { state } = this.status();
    if (state === 'asked' || (state === 'enrolled' && this.#isDueForRenewal())) await this.#send();
  }

  /** @returns whether this home is enrolled from now on, and was not before */
  replied(payload: Uint8Array): boolean {
    const { store, refusals, log } = this.#parts;
    let outcome: EnrolmentOutcome;
    try {
      outcome = this.#read(payload);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#refused = { code: error.code, says: error.message, remedy: error.remedy };
      refusals.note(error.refusal, { message: 'enrolment reply' });
      return false;
    }
    switch (outcome.outcome) {
      case 'enrolled':
        store.keepEnrolment(outcome.enrolment);
        log.info({ cohort: outcome.enrolment.cohort }, 'enrolled; the keys of authority and coordinator are pinned');
        return true;
      case 'renewed':
        store.renewCertificate(outcome.certificate);
        return false;
      case 'refused': {
        const { code, says, remedy } = outcome;
        this.#refused = { code, says, remedy };
        log.warn({ code }, 'the enrolment was refused');
        return false;
      }
      case 'unchanged':
        return false;
    }
  }

  #read(payload: Uint8Array): EnrolmentOutcome {
    const { config, identity, store, clock } = this.#parts;
    return readReply(payload, {
      home: config.home,
      identity: identity.publicKey,
      pins: config.pins,
      enrolled: store.enrolment(),
      now: clock.now(),
    });
  }

  async #send(): Promise<void> {
    const { config, identity, link } = this.#parts;
    const request = await enrolmentRequest(identity, config.home, config.claim);
    await link.publish('enrolmentRequest', { home: config.home }, request);
  }

  #isDueForRenewal(): boolean {
    const { store, clock } = this.#parts;
    const enrolled = store.enrolment();
    if (enrolled === undefined) return false;
    return isDueForRenewal(readNames(enrolled.certificate, enrolled.home, enrolled.cohort), clock.now());
  }
}
