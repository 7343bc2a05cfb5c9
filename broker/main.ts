/**
 * The utility's process: constructs the MQTT broker, the enrolment authority and the coordinator, and wires them.
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { Catalogues } from './catalogue/catalogues.ts';
import type { BrokerConfig } from './config.ts';
import { receiveAgreementKeys } from './enrolment/agreement-keys.ts';
import { createAuthority } from './enrolment/authority.ts';
import { Enrolment } from './enrolment/enrolment.ts';
import { HomeStore } from './enrolment/home-store.ts';
import { Homes } from './enrolment/homes.ts';
import { openKeyFile } from './enrolment/key-file.ts';
import { Presence } from './enrolment/presence.ts';
import { createLink, type RunningLink } from './mqtt/link.ts';
import { startMqttServer } from './mqtt/mqtt-server.ts';
import { OperatorActions } from './operator/actions.ts';
import { OperatorDesk } from './operator/desk.ts';
import { RequestStore } from './operator/request-store.ts';
import type { Clock } from './protocol/clock.ts';
import { startRounds } from './rounds/start-rounds.ts';
import { ScheduleList } from './schedules/schedule-list.ts';
import { ScheduleStore } from './schedules/schedule-store.ts';
import { Schedules } from './schedules/schedules.ts';
import { takeDataFolder } from './store/data-folder.ts';
import { type Database, openDatabase } from './store/database.ts';
import { migrations } from './store/migrations.ts';
import { roundMigrations } from './store/migrations-rounds.ts';
import { scheduleMigrations } from './store/migrations-schedules.ts';
import { TariffStore } from './tariff/tariff-store.ts';
import { Tariffs } from './tariff/tariffs.ts';

export interface RunningBroker {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** What has been started, to be stopped in the opposite order. */
type Started = (() => void | Promise<void>)[];

/** @throws {BrokerError} what keeps it from starting; nothing is left running then */
export async function runBroker(config: BrokerConfig, clock: Clock, log: Logger): Promise<RunningBroker> {
  const started: Started = [];
  const close = async () => {
    for (const stop of started.splice(0).reverse()) await stop();
  };
  try {
    const folder = takeDataFolder(config.dataDir);
    started.push(() => folder.release());
    const database = openDatabase(folder.path('broker.db'), [...migrations, ...roundMigrations, ...scheduleMigrations]);
    started.push(() => void database.close());
    const { listen, prefix } = config;
    const server = await startMqttServer({ listen, prefix, log });
    started.push(() => server.close());
    const link = createLink({ server, prefix, log });
    started.push(() => link.close());
    await startCoordinator({ config, clock, log, database, link, keyPath: (name) => folder.path(name) }, started);
    // Last: whatever the first connection brings finds everyone listening.
    await link.start();
    log.info({ host: server.host, port: server.port, prefix, dataDir: config.dataDir }, 'listening');
    return { host: server.host, port: server.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface CoordinatorParts {
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly database: Database;
  readonly link: RunningLink;
  readonly keyPath: (name: string) => string;
}

async function startCoordinator(parts: CoordinatorParts, started: Started): Promise<void> {
  const { config, clock, log, database, link, keyPath } = parts;
  const store = new HomeStore(database);
  const mayCreate = store.approved().length === 0;
  const key = openKeyFile(keyPath('coordinator.pem'), mayCreate);
  const authority = await createAuthority(openKeyFile(keyPath('authority.pem'), mayCreate), database);

  const refused = receiveAgreementKeys({ store, link, authority: authority.publicKey, clock, log });
  const presence = new Presence(link, (home) => store.isKnown(home), log);
  const homes = new Homes(store, presence, refused);
  const enrolment = new Enrolment({ store, authority, coordinator: key.publicKey, link, clock, log });
  const catalogues = new Catalogues({ store, homes, link, log });

  const own = { key, authority, random: randomBytes };
  const rounds = startRounds({ config, clock, log, database, link, homes, ...own });
  started.push(() => rounds.close());
  const tariffs = new Tariffs({ store: new TariffStore(database), key, link, clock });
  started.push(() => tariffs.close());

  const scheduleStore = new ScheduleStore(database);
  const schedules = new Schedules({ store: scheduleStore, rounds, tariffs, clock, log });
  schedules.start();
  started.push(() => schedules.close());
  const scheduleList = new ScheduleList(scheduleStore, rounds);

  const actions = new OperatorActions({ homes, enrolment, catalogues, rounds, tariffs, schedules, scheduleList });
  const keep = config.rounds.keepResults;
  new OperatorDesk({ link, store: new RequestStore(database), actions, rounds, clock, log, keep });
}
