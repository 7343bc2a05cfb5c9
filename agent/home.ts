/**
 * The home towards its utility: enrols, publishes what it is, takes part in rounds, takes tariffs.
 * Wires the parts that do so, and is what the household's commands talk to.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { after, type Clock, type EpochMs } from '../broker/protocol/clock.ts';
import { filterOf, type Received, topicOf } from '../broker/protocol/topics.ts';
import { CohortDuties } from './cohort-duties.ts';
import type { AgentConfig } from './config.ts';
import { Enroller, type EnrolmentStatus } from './enroller.ts';
import { reasonOf } from './errors.ts';
import { readLedger, readShownTariff } from './home-reading.ts';
import { type HomeKeys, loadKeys } from './keys.ts';
import { MqttLink } from './mqtt-link.ts';
import { RefusalLog } from './rounds/refusal-log.ts';
import type { Database } from './store/database.ts';
import { HomeStore } from './store/home-store.ts';
import { Ledger, type LedgerEntry } from './store/ledger.ts';
import { lastRestore, type Restore } from './store/restores.ts';
import { isWriteFailure, writeFailure } from './store/write-failure.ts';
import type { ShownTariff } from './tariff.ts';
import type { TensorStore } from './tensors/tensor.ts';
import type { TrustedTime } from './time/time-watch.ts';
import type { Troubles } from './troubles.ts';
import { TwinGuard } from './twin-guard.ts';

export interface HomeParts {
  readonly config: Pick<AgentConfig, 'home' | 'dataDir' | 'claim' | 'broker' | 'pins' | 'policy'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly database: Database;
  readonly tensors: TensorStore;
  readonly time: TrustedTime;
  readonly troubles: Troubles;
  /** The system's random source. */
  readonly random: (bytes: number) => Uint8Array;
  /** Of the agent, for its status. */
  readonly version: string;
}

export interface HomeStatus {
  readonly home: string;
  /** SHA-256 of the identity key, hex: to compare with what the operator sees. */
  readonly fingerprint: string;
  readonly broker: string;
  readonly connected: boolean;
  readonly sharing: boolean;
  readonly enrolment: EnrolmentStatus;
  /** The last time that this home went on from an older copy of itself. */
  readonly restored?: Restore;
  /** Open rounds, and where this home stands in them. */
  readonly rounds: readonly { readonly round: string; readonly contribution: string; readonly membership: string }[];
}

export interface HomeService {
  status(): HomeStatus;
  /** Asks to be enrolled, now and at every connect and each day until there is a reply; where it is enrolled, changes nothing. */
  enrol(): Promise<EnrolmentStatus>;
  readonly sharing: { on(): Promise<void>; off(): Promise<void>; isOn(): boolean };
  /** Newest first. */
  ledger(): LedgerEntry[];
  tariff(): ShownTariff | undefined;
  /** Sends the catalogue if it has changed. Done by itself when a tensor changes. */
  /** The machine's clock was set, or is to be trusted again. */
  clockSet(): void;
  close(): Promise<void>;
}

/** How long after a failure to store the broker is asked for everything again. */
const againMs = 60_000;
/** How soon something due is looked at again that had to wait for the time to be trusted. */
const untrustedMs = 10_000;
/** A connection may last longer than a certificate. */
const enrolmentEveryMs = 24 * 3_600_000;
const mostTold = 100;

/** @throws {AgentError} KEY_FILE_*, PINS_DIFFER, HOME_ID_DIFFERS */
export async function startHome(parts: HomeParts): Promise<HomeService> {
  const home = new Home(parts);
  home.start();
  return home;
}

class Home implements HomeService {
  readonly #parts: HomeParts;
  readonly #store: HomeStore;
  readonly #link: MqttLink;
  readonly #enroller: Enroller;
  readonly #keys: HomeKeys;
  readonly #refusals: RefusalLog;
  readonly #ledger: Ledger;
  readonly #twins: TwinGuard;
  /** From enrolment on. */
  #duties: CohortDuties | undefined;
  #again: NodeJS.Timeout | undefined;
  readonly #told = new Set<string>();
  #closed = false;
  #callOff: () => void = () => undefined;

  constructor(parts: HomeParts) {
    this.#parts = parts;
    const { config, database, clock, log } = parts;
    this.#store = new HomeStore(database);
    this.#twins = new TwinGuard({ ...parts, home: config.home, store: this.#store });
    this.#ledger = new Ledger(database);
    this.#refusals = new RefusalLog(this.#ledger, clock, log);
    this.#keys = loadKeys(config.dataDir, database, clock.now());
    this.#link = this.#makeLink();
    const own = { store: this.#store, refusals: this.#refusals, link: this.#link };
    this.#enroller = new Enroller({ config, identity: this.#keys.identity, clock, log, ...own });
    this.#duties = this.#makeDuties();
  }

  start(): void {
    this.#duties?.start();
    this.#parts.tensors.onChange(() => void this.#attempt('tensors', () => this.#whenTrusted()?.changed()));
    this.#link.start();
    this.#lookAtEnrolment();
  }

  status(): HomeStatus {
    const { config, database } = this.#parts;
    const restored = lastRestore(database);
    return {
      home: config.home,
      fingerprint: createHash('sha256').update(this.#keys.identity.publicKey).digest('hex'),
      broker: config.broker.url,
      connected: this.#link.connected,
      sharing: this.sharing.isOn(),
      enrolment: this.#enroller.status(),
      ...(restored !== undefined && { restored }),
      rounds: this.#duties?.rounds() ?? [],
    };
  }

  enrol(): Promise<EnrolmentStatus> {
    return this.#enroller.ask();
  }

  readonly sharing = {
    on: () => this.#share('on'),
    off: () => this.#share('off'),
    isOn: () => this.#store.isSharing(),
  };

  ledger(): LedgerEntry[] {
    return readLedger(this.#parts.database);
  }

  tariff(): ShownTariff | undefined {
    return readShownTariff(this.#parts.database, this.#parts.clock.now());
  }

  /** What came while the time was not trusted was not looked at: it is asked for again. */
  clockSet(): void {
    if (!this.#parts.time.isTrusted()) return;
    void this.#attempt('clock', async () => {
      await this.#connected();
      await this.#duties?.reconsider();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#callOff();
    clearTimeout(this.#again);
    this.#duties?.close();
    if (this.#link.connected) await this.#sendStatus(false);
    await this.#link.close();
  }

  async #share(value: 'on' | 'off'): Promise<void> {
    if (value === 'on' && this.#twins.isGone(this.#keys.agreement)) await this.#takeUpDuties();
    this.#store.set('sharing', value);
    this.#parts.log.info({ sharing: value }, `sharing is ${value}`);
    await this.#whenTrusted()?.reconsider();
  }

  /** Nothing is decided by a clock that may be wrong: what is over, what is valid, what is consented to. */
  #whenTrusted(): CohortDuties | undefined {
    return this.#parts.time.isTrusted() ? this.#duties : undefined;
  }

  #makeDuties(): CohortDuties | undefined {
    const enrolment = this.#store.enrolment();
    if (enrolment === undefined) return undefined;
    const { clock } = this.#parts;
    return new CohortDuties({
      ...this.#parts,
      clock: { now: () => clock.now(), at: (at, work) => this.#at(at, work) },
      enrolment,
      keys: this.#keys,
      store: this.#store,
      ledger: this.#ledger,
      refusals: this.#refusals,
      link: this.#link,
    });
  }

  /** A full disk at an instant that was waited for must not end the agent either. */
  #at(at: EpochMs, work: () => void | Promise<void>): () => void {
    const { clock, time } = this.#parts;
    let callOff = clock.at(at, due);
    const attempt = () => this.#attempt('due', work);
    function due() {
      if (time.isTrusted()) return attempt();
      callOff = clock.at(after(clock.now(), untrustedMs), due);
      return undefined;
    }
    return () => callOff();
  }

  #lookAtEnrolment(): void {
    const { clock } = this.#parts;
    this.#callOff = this.#at(after(clock.now(), enrolmentEveryMs), async () => {
      this.#lookAtEnrolment();
      await this.#enroller.askIfDue();
    });
  }

  #makeLink(): MqttLink {
    const { config, log, random } = this.#parts;
    const { url, prefix } = config.broker;
    return new MqttLink({
      url,
      prefix,
      home: config.home,
      log,
      random01: () => Buffer.from(random(4)).readUInt32LE() / 2 ** 32,
      will: () => ({ topic: topicOf(prefix, 'status', { home: config.home }), payload: this.#status(false) }),
      onConnect: () => void this.#attempt('connect', () => this.#connected()),
      onMessage: (received, payload) => void this.#attempt(received.name, () => this.#received(received, payload)),
    });
  }

  async #connected(): Promise<void> {
    const { home, broker } = this.#parts.config;
    await Promise.all([
      this.#sendStatus(true),
      this.#link.subscribe(filterOf(broker.prefix, 'status', { home })),
      this.#enroller.connected(),
      this.#whenTrusted()?.connected(),
    ]);
  }

  async #received(received: Received, payload: Uint8Array): Promise<void> {
    if (this.#closed || !this.#parts.time.isTrusted()) return;
    if (received.name === 'status') return this.#twins.statusCame(payload);
    if (received.name !== 'enrolmentReply') return this.#duties?.received(received, payload);
    if (!this.#enroller.replied(payload)) return;
    await this.#takeUpDuties();
  }

  async #takeUpDuties(): Promise<void> {
    this.#duties?.close();
    this.#duties = this.#makeDuties();
    this.#duties?.start();
    await this.#duties?.connected();
  }

  #sendStatus(online: boolean): Promise<void> {
    return this.#link.publish('status', { home: this.#parts.config.home }, this.#status(online));
  }

  #status(online: boolean): string {
    const { clock, version } = this.#parts;
    const since = clock.now();
    this.#twins.says(since);
    return JSON.stringify({ v: 1, online, since, version });
  }

  /**
   * Nothing that the broker sends ends the agent. What cannot be stored is left undone, nothing of it is sent, and
   * the broker is asked for all of it again a while later.
   */
  async #attempt(what: string, work: () => void | undefined | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#closed) return;
      if (isWriteFailure(error)) this.#parts.troubles.begin('storing', writeFailure(error, this.#parts.config.dataDir));
      else this.#tellOnce(what, reasonOf(error));
      clearTimeout(this.#again);
      this.#again = setTimeout(() => void this.#attempt('again', () => this.#askAgain()), againMs);
    }
  }

  async #askAgain(): Promise<void> {
    // Written as it is: whether the disk takes anything shows before anybody is told anything.
    this.#store.set('sharing', this.sharing.isOn() ? 'on' : 'off');
    this.#parts.troubles.end('storing', 'the disk takes what is stored again');
    await this.#whenTrusted()?.connected();
  }

  #tellOnce(what: string, why: string): void {
    if (this.#told.has(`${what} ${why}`) || this.#told.size >= mostTold) return;
    this.#told.add(`${what} ${why}`);
    this.#parts.log.error({ what, why }, 'something could not be done; the broker is asked again in a minute');
  }
}
