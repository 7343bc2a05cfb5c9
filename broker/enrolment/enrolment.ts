/**
 * Enrolment: a home asks with a certificate request, the operator approves its key, the home gets its certificate.
 * Asking again gets the same reply again; another key under a known name waits for the operator.
 */
import type { Logger } from 'pino';
import { BrokerError } from '../errors.ts';
import type { RunningLink } from '../mqtt/link.ts';
import { hint } from '../nearest.ts';
import { isDueForRenewal, readNames } from '../protocol/certificate.ts';
import type { Clock } from '../protocol/clock.ts';
import { HomeId } from '../protocol/fields.ts';
import { sameBytes, toHex } from '../protocol/hex.ts';
import { type EnrolmentReply, EnrolmentRequest } from '../protocol/json-messages.ts';
import { topicOf } from '../protocol/topics.ts';
import { WarningLimit } from '../warning-limit.ts';
import type { CertifyingAuthority } from './authority.ts';
import { readCertificateRequest } from './certificate-request.ts';
import type { HomeStore, StoredHome, StoredRequest } from './home-store.ts';
import { fingerprintOf } from './homes.ts';

export interface EnrolmentParts {
  readonly store: HomeStore;
  readonly authority: CertifyingAuthority;
  /** The coordinator's public key, for homes to pin. */
  readonly coordinator: Uint8Array;
  readonly link: RunningLink;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Waiting requests in all, and keys that ask for one name: the operator looks at each. */
const mostWaiting = 10_000;
const mostKeysPerHome = 5;

export class Enrolment {
  readonly #parts: EnrolmentParts;
  readonly #limit: WarningLimit;

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
    const { log, store } = parts;
    this.#limit = new WarningLimit({ log, isKnown: (home) => store.isKnown(home) });
    parts.link.on('enrolmentRequest', ({ home }, payload) => this.#asked(home, payload));
  }

  /**
   * The operator's word that a key is this home's.
   * @param fingerprint which key, where several ask; needed to replace the key of an approved home
   * @throws {BrokerError} HOME_UNKNOWN, HOME_IN_OTHER_COHORT, FINGERPRINT_NEEDED, FINGERPRINT_UNKNOWN, IDENTITY_TAKEN
   */
  async approve(home: string, cohort: string, fingerprint?: string): Promise<void> {
    const known = this.#parts.store.home(home);
    if (known !== undefined && known.cohort !== cohort) {
      throw new BrokerError('HOME_IN_OTHER_COHORT', { home, cohort: known.cohort });
    }
    const chosen = this.#choose(home, known, fingerprint);
    if (chosen !== undefined) await this.#certify({ ...chosen, cohort });
    await this.#reply(home);
  }

  /**
   * The home is in no later roster and no search; rounds that run go on with it. To come back it has to ask anew.
   * @returns the cohort that it was in; undefined for one that only asked
   * @throws {BrokerError} HOME_UNKNOWN
   */
  async remove(home: string): Promise<string | undefined> {
    const { store, link, log } = this.#parts;
    if (!store.isKnown(home)) {
      const known = [...store.approved(), ...store.requests()].map((one) => one.home);
      throw new BrokerError('HOME_UNKNOWN', { home, hint: hint(home, known) });
    }
    const cohort = store.home(home)?.cohort;
    store.remove(home);
    log.info({ home, cohort }, 'a home was removed');
    const retained = (['agreementKey', 'catalogue'] as const).map((name) => topicOf(link.prefix, name, { home }));
    await Promise.all(retained.map((topic) => link.publish(topic, '', { retain: true })));
    return cohort;
  }

  /** @returns the key to certify, or undefined when the home has its certificate for it already */
  #choose(home: string, known: StoredHome | undefined, fingerprint: string | undefined): StoredRequest | undefined {
    const requests = this.#parts.store.requests(home);
    if (fingerprint !== undefined) {
      if (known !== undefined && fingerprintOf(known.identity) === fingerprint) return undefined;
      const asked = requests.find(({ identity }) => fingerprintOf(identity) === fingerprint);
      if (asked === undefined) throw new BrokerError('FINGERPRINT_UNKNOWN', { home, fingerprint });
      return asked;
    }
    const only = requests[0];
    if (known === undefined && only === undefined) {
      const asking = this.#parts.store.requests().map((request) => request.home);
      throw new BrokerError('HOME_UNKNOWN', { home, hint: hint(home, asking) });
    }
    const keys = [...(known === undefined ? [] : [known]), ...requests];
    if (keys.length > 1) {
      const fingerprints = keys.map(({ identity }) => fingerprintOf(identity)).join(', ');
      throw new BrokerError('FINGERPRINT_NEEDED', { home, fingerprints });
    }
    return only;
  }

  async #certify({ home, cohort, identity, claim }: StoredRequest & { cohort: string }): Promise<void> {
    const { authority, store, clock, link } = this.#parts;
    const holder = store.homeOfIdentity(identity);
    // Every roster with both would be refused.
    if (holder !== undefined && holder !== home) throw new BrokerError('IDENTITY_TAKEN', { home, holder });
    const now = clock.now();
    const certificate = await authority.certify({ home, cohort, identity, now });
    store.approve({ home, cohort, identity, certificate, claim }, now);
    // What it has published before it was known.
    for (const name of ['status', 'agreementKey', 'catalogue'] as const) link.recall(name, { home });
  }

  async #asked(topicHome: string, payload: Uint8Array): Promise<void> {
    if (!HomeId.safeParse(topicHome).success) return;
    try {
      const request = readRequest(topicHome, payload);
      const identity = await readCertificateRequest(Buffer.from(request.request, 'base64'), topicHome);
      await this.#weigh({ home: topicHome, identity, claim: request.claim });
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#limit.warn(topicHome, { home: topicHome, code: error.code }, error.message);
      await this.#send(refusal(topicHome, error));
    }
  }

  async #weigh(asked: StoredRequest): Promise<void> {
    const { store, clock, log, link } = this.#parts;
    const { home, identity } = asked;
    const known = store.home(home);
    if (known !== undefined && sameBytes(known.identity, identity)) {
      const validity = readNames(known.certificate, home, known.cohort);
      if (isDueForRenewal(validity, clock.now())) await this.#certify({ ...asked, cohort: known.cohort });
      return this.#reply(home);
    }
    const waiting = store.requests(home);
    const isNew = !waiting.some((request) => sameBytes(request.identity, identity));
    if (isNew && (waiting.length >= mostKeysPerHome || store.countRequests() >= mostWaiting)) {
      throw new BrokerError('ENROLMENT_FULL');
    }
    store.ask(asked, clock.now());
    if (isNew) log.info({ home, fingerprint: fingerprintOf(identity) }, 'a home asks to be enrolled');
    const first = known ?? waiting[0];
    if (first !== undefined && !sameBytes(first.identity, identity)) {
      throw new BrokerError('ENROLMENT_KEY_DIFFERS', { home });
    }
    link.recall('status', { home });
  }

  async #reply(home: string): Promise<void> {
    const { store, authority, coordinator } = this.#parts;
    const known = store.home(home);
    if (known === undefined) return;
    await this.#send({
      v: 1,
      type: 'enrolment-reply',
      home,
      state: 'approved',
      cohort: known.cohort,
      certificate: Buffer.from(known.certificate).toString('base64'),
      authority: toHex(authority.publicKey),
      coordinator: toHex(coordinator),
    });
  }

  async #send(reply: EnrolmentReply): Promise<void> {
    const { link } = this.#parts;
    const topic = topicOf(link.prefix, 'enrolmentReply', { home: reply.home });
    await link.publish(topic, JSON.stringify(reply), { retain: false });
  }
}

function readRequest(topicHome: string, payload: Uint8Array): EnrolmentRequest {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(payload).toString());
  } catch (error) {
    throw new BrokerError('ENROLMENT_MALFORMED', { why: 'it is not JSON' }, { cause: error });
  }
  const read = EnrolmentRequest.safeParse(json);
  if (!read.success) {
    const at = read.error.issues[0]?.path.map(String).join('.') || 'its keys';
    throw new BrokerError('ENROLMENT_MALFORMED', { why: `it does not follow its schema at ${at}` });
  }
  if (read.data.home !== topicHome) throw new BrokerError('ENROLMENT_MALFORMED', { why: 'it names another home' });
  return read.data;
}

function refusal(home: string, { code, message, remedy }: BrokerError): EnrolmentReply {
  return { v: 1, type: 'enrolment-reply', home, state: 'refused', code, says: message, remedy };
}
