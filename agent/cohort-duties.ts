/**
 * What an enrolled home does towards its cohort: shows who and what it is, takes part in rounds, takes tariffs.
 */
import type { Logger } from 'pino';
import { after, type Clock, epochMs } from '../broker/protocol/clock.ts';
import { fromHex } from '../broker/protocol/hex.ts';
import { checkRoster } from '../broker/protocol/roster.ts';
import { filterOf, type Received, topicOf } from '../broker/protocol/topics.ts';
import { CataloguePublisher } from './catalogue-publisher.ts';
import type { AgentConfig } from './config.ts';
import { KeyKeeper } from './key-keeper.ts';
import type { HomeKeys } from './keys.ts';
import type { MqttLink } from './mqtt-link.ts';
import type { HomeFacts } from './policy/assess-round.ts';
import type { OwnTensor } from './policy/own-tensor.ts';
import { ParticipantShell } from './rounds/participant-shell.ts';
import type { RefusalLog } from './rounds/refusal-log.ts';
import { RoundInbox } from './rounds/round-inbox.ts';
import { Seats } from './rounds/seats.ts';
import type { Database } from './store/database.ts';
import type { Enrolment, HomeStore } from './store/home-store.ts';
import type { Ledger } from './store/ledger.ts';
import { spentUntil } from './store/restores.ts';
import { RoundStore } from './store/round-store.ts';
import { readTariff, sequenceIn } from './tariff.ts';
import { catalogueEntries } from './tensors/catalogue.ts';
import type { TensorStore } from './tensors/tensor.ts';

export interface DutyParts {
  readonly enrolment: Enrolment;
  readonly config: Pick<AgentConfig, 'home' | 'broker' | 'policy'>;
  readonly keys: HomeKeys;
  readonly database: Database;
  readonly store: HomeStore;
  readonly ledger: Ledger;
  readonly refusals: RefusalLog;
  readonly tensors: TensorStore;
  readonly link: MqttLink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: (bytes: number) => Uint8Array;
}

/** What it listens to: what the broker keeps of itself; then in this order, so that a round's end is known before its announcement is looked at. */
const ownTopics = ['agreementKey', 'catalogue'] as const;
const cohortTopics = ['result', 'tariff', 'round'] as const;

/** How often a round is looked at again that this home has declined: the reading that was missing may have come. */
const lookAgainMs = 5 * 60_000;

export class CohortDuties {
  readonly #parts: DutyParts;
  readonly #keys: KeyKeeper;
  readonly #catalogue: CataloguePublisher;
  readonly #seats: Seats;
  readonly #shell: ParticipantShell;
  readonly #inbox: RoundInbox;
  #callOff = () => {};

  constructor(parts: DutyParts) {
    this.#parts = parts;
    const { enrolment, config, keys, store, refusals, tensors, link, clock, random, log } = parts;
    const { home } = config;
    this.#keys = this.#makeKeeper();
    this.#catalogue = new CataloguePublisher({
      home,
      identity: keys.identity,
      store,
      clock,
      entries: () => catalogueEntries(tensors.list()),
      publish: (signed) => link.publish('catalogue', { home }, signed),
    });
    const rounds = new RoundStore(parts.database, parts.ledger);
    const facts = () => this.#facts();
    this.#shell = new ParticipantShell({
      store: rounds,
      refusals,
      tensors,
      facts,
      clock,
      random,
      publish: (topic, round, payload) => link.publish(topic, { home, round }, payload),
      fetchRoster: (hash) => link.subscribe(this.#rosterTopic(hash)),
      noteClipped: (round, ids) => log.info({ round, tensors: ids }, 'values above the capacity were cut to it'),
    });
    const { cohort } = enrolment;
    const coordinator = fromHex(enrolment.coordinator);
    this.#seats = new Seats({
      store: rounds,
      checkRoster,
      home,
      identity: keys.identity.publicKey,
      keys: keys.agreement,
      cohort,
      authority: fromHex(enrolment.authority),
      coordinator,
      mostHomes: config.policy.mostHomes,
    });
    this.#inbox = new RoundInbox({
      cohort,
      coordinator,
      seats: this.#seats,
      store: rounds,
      shell: this.#shell,
      refusals,
      facts,
      clock,
    });
  }

  start(): void {
    this.#keys.start();
    this.#catalogue.start();
    this.#lookAgain();
  }

  /** Shows what is retained and asks for what is: the broker may have lost the one, this home missed the other. */
  async connected(): Promise<void> {
    const { link, config, enrolment } = this.#parts;
    const { home, broker } = config;
    const { cohort } = enrolment;
    // Before its own take their place, and before a round can ask for anything.
    await Promise.all(ownTopics.map((name) => link.subscribe(filterOf(broker.prefix, name, { home }))));
    const shown = [this.#keys.connected(), this.#catalogue.connected()];
    const asked = cohortTopics.map((name) => link.subscribe(filterOf(broker.prefix, name, { cohort })));
    await Promise.all([...shown, ...asked, this.#listenForRequests()]);
  }

  /** A tensor was added, published, withdrawn. */
  async changed(): Promise<void> {
    await Promise.all([this.#catalogue.changed(), this.#inbox.reconsider()]);
  }

  /** Sharing was turned on or off. */
  reconsider(): Promise<void> {
    return this.#inbox.reconsider();
  }

  async received(received: Received, payload: Uint8Array): Promise<void> {
    const { config, enrolment, link } = this.#parts;
    switch (received.name) {
      case 'open':
        if (received.levels.home === config.home) await this.#inbox.asked(received.levels.round, payload);
        return;
      case 'round':
        if (received.levels.cohort === enrolment.cohort) await this.#inbox.announced(received.levels.round, payload);
        return;
      case 'result':
        if (received.levels.cohort === enrolment.cohort) await this.#inbox.resulted(received.levels.round, payload);
        return;
      case 'roster':
        await Promise.all([
          this.#inbox.rosterCame(received.levels.hash, payload),
          link.unsubscribe(this.#rosterTopic(received.levels.hash)),
        ]);
        // Brings again what is retained there: few requests are held for rounds whose roster is missing.
        await this.#listenForRequests();
        return;
      case 'agreementKey':
      case 'catalogue':
        if (received.levels.home === config.home) await this.#keys.ownCame(received.name, payload);
        return;
      case 'tariff':
        if (received.levels.cohort === enrolment.cohort) this.#tariffCame(payload);
        return;
      default:
      // Nothing that this home has asked for.
    }
  }

  rounds(): { round: string; contribution: string; membership: string }[] {
    return [...this.#shell.participants].flatMap(([round, now]) =>
      now.state === 'takingPart'
        ? [{ round, contribution: now.contribution.state, membership: now.membership.state }]
        : [],
    );
  }

  close(): void {
    this.#callOff();
    this.#keys.close();
    this.#catalogue.close();
    this.#shell.close();
  }

  #listenForRequests(): Promise<void> {
    const { link, config } = this.#parts;
    return link.subscribe(filterOf(config.broker.prefix, 'open', { home: config.home }));
  }

  #lookAgain(): void {
    const { clock } = this.#parts;
    this.#callOff = clock.at(after(clock.now(), lookAgainMs), () => {
      this.#lookAgain();
      return this.#inbox.reconsider();
    });
  }

  #makeKeeper(): KeyKeeper {
    const { config, keys, database, clock, log, link } = this.#parts;
    const { home, policy } = config;
    return new KeyKeeper({
      home,
      keys,
      rules: { rotateEvery: policy.rotateKeys },
      database,
      clock,
      log,
      publish: (signed) => link.publish('agreementKey', { home }, signed),
      erased: () => this.#seats.forgetErased(),
      restored: async () => {
        this.#shell.close();
        this.#seats.forgetErased();
        await this.#catalogue.connected();
      },
    });
  }

  #rosterTopic(hash: string): string {
    return topicOf(this.#parts.config.broker.prefix, 'roster', { cohort: this.#parts.enrolment.cohort, hash });
  }

  #tariffCame(payload: Uint8Array): void {
    const { enrolment, store, clock, refusals, log } = this.#parts;
    const { cohort } = enrolment;
    const text = Buffer.from(payload).toString('utf8');
    const last = store.tariff(cohort);
    // Retained, so the one in force comes again at every connect.
    if (payload.length === 0 || last?.text === text) return;
    const coordinator = fromHex(enrolment.coordinator);
    try {
      const tariff = readTariff(payload, { coordinator, cohort, now: clock.now(), lastSequence: last?.sequence });
      const { sequence, until } = tariff;
      store.keepTariff({ cohort, sequence, until: epochMs(until), text, receivedAt: clock.now() });
      log.info({ sequence }, 'a new tariff is in force');
    } catch (error) {
      refusals.noteError(error, 'tariff', { tariff: sequenceIn(text), message: 'tariff' });
    }
  }

  #facts(): HomeFacts {
    const { store, config, tensors } = this.#parts;
    const { minContributors, shortestSlot, collusionDivisor, mostHomes, allowHistogram } = config.policy;
    const shown = store.shownTensors();
    const own = tensors.list().map((tensor): OwnTensor => {
      const { id, tags, quantity, unit, capacity, source, device, published, consentFrom } = tensor;
      const ancestors = device === undefined ? [] : tensors.ancestorsOf(device);
      const known = { id, tags, quantity, unit, capacity, source, device, published, consentFrom };
      return { ...known, ancestors, shown: shown.has(id) };
    });
    return {
      sharing: store.isSharing(),
      policy: {
        minContributors,
        shortestSlotMs: shortestSlot,
        collusionDivisor,
        mostHomes,
        histogram: allowHistogram,
      },
      tensors: own,
      spentUntil: spentUntil(this.#parts.database),
    };
  }
}
