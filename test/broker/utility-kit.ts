/** The utility's side but for rounds, on real MQTT over the loopback; and homes to talk to it. For tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { enrolmentRequest } from '../../agent/enrolment.ts';
import { Catalogues } from '../../broker/catalogue/catalogues.ts';
import { receiveAgreementKeys } from '../../broker/enrolment/agreement-keys.ts';
import { type CertifyingAuthority, createAuthority } from '../../broker/enrolment/authority.ts';
import { Enrolment } from '../../broker/enrolment/enrolment.ts';
import { HomeStore } from '../../broker/enrolment/home-store.ts';
import { Homes } from '../../broker/enrolment/homes.ts';
import { openKeyFile } from '../../broker/enrolment/key-file.ts';
import { Presence } from '../../broker/enrolment/presence.ts';
import { createLink, type RunningLink } from '../../broker/mqtt/link.ts';
import { type MqttServer, startMqttServer } from '../../broker/mqtt/mqtt-server.ts';
import { generateAgreement } from '../../broker/protocol/agreement.ts';
import { epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import { defaultPrefix } from '../../broker/protocol/default-prefix.ts';
import { EnrolmentReply } from '../../broker/protocol/json-messages.ts';
import { AgreementKey, Catalogue, type CatalogueEntry } from '../../broker/protocol/messages.ts';
import { generateSigningKey, type SigningKey, signMessage } from '../../broker/protocol/signing.ts';
import { topicOf } from '../../broker/protocol/topics.ts';
import { type Database, openDatabase } from '../../broker/store/database.ts';
import { migrations } from '../../broker/store/migrations.ts';
import { keepingLog } from './silent-log.ts';

export const prefix = defaultPrefix;
export const cohort = 'feeder-7';
export const noon = epochMs(Date.UTC(2026, 10, 23, 12));

export interface Utility {
  readonly clock: SteppedClock;
  readonly server: MqttServer;
  readonly link: RunningLink;
  readonly database: Database;
  readonly store: HomeStore;
  readonly homes: Homes;
  readonly enrolment: Enrolment;
  readonly catalogues: Catalogues;
  readonly authority: CertifyingAuthority;
  readonly coordinator: SigningKey;
  /** Everything logged so far. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

export function temporaryFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'wattveil-broker-'));
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

export async function startUtility(folder: string, clock = new SteppedClock(noon)): Promise<Utility> {
  const { log, lines } = keepingLog();
  const database = openDatabase(join(folder, 'broker.db'), migrations);
  const coordinator = openKeyFile(join(folder, 'coordinator.pem'), true);
  const authority = await createAuthority(openKeyFile(join(folder, 'authority.pem'), true), database);
  const server = await startMqttServer({ listen: { host: '127.0.0.1', port: 0, insecure: false }, prefix, log });
  const link = createLink({ server, prefix, log });
  const store = new HomeStore(database);
  const presence = new Presence(link, (home) => store.isKnown(home), log);
  const keptOut = receiveAgreementKeys({ store, link, authority: authority.publicKey, clock, log });
  const homes = new Homes(store, presence, keptOut);
  const enrolment = new Enrolment({ store, authority, coordinator: coordinator.publicKey, link, clock, log });
  const catalogues = new Catalogues({ store, homes, link, log });
  await link.start();
  return {
    clock,
    server,
    link,
    database,
    store,
    homes,
    enrolment,
    catalogues,
    authority,
    coordinator,
    lines,
    async close() {
      await link.close();
      await server.close();
      database.close();
    },
  };
}

/** A home as far as enrolment and catalogue go, speaking MQTT for real. */
export class TestHome {
  readonly replies: EnrolmentReply[] = [];
  readonly id: string;
  readonly identity: SigningKey;
  readonly mqtt: MqttClient;

  private constructor(id: string, identity: SigningKey, mqtt: MqttClient) {
    this.id = id;
    this.identity = identity;
    this.mqtt = mqtt;
    mqtt.on('message', (topic, payload) => {
      if (topic !== topicOf(prefix, 'enrolmentReply', { home: id })) return;
      this.replies.push(EnrolmentReply.parse(JSON.parse(payload.toString())));
    });
  }

  static async connect(port: number, id: string, identity = generateSigningKey(), clientId = id): Promise<TestHome> {
    const will = { topic: topicOf(prefix, 'status', { home: clientId }), payload: status(false), qos: 1, retain: true };
    const options = { clientId, reconnectPeriod: 0, will: will as typeof will & { qos: 1; payload: Buffer } };
    const mqtt = await connectAsync(`mqtt://127.0.0.1:${port}`, options, false);
    mqtt.on('error', () => undefined);
    await mqtt.subscribeAsync(topicOf(prefix, 'enrolmentReply', { home: id }), { qos: 1 });
    const home = new TestHome(id, identity, mqtt);
    if (clientId === id) await home.publish(topicOf(prefix, 'status', { home: id }), status(true), true);
    return home;
  }

  async publish(topic: string, payload: Uint8Array | string, retain: boolean): Promise<void> {
    await this.mqtt.publishAsync(topic, typeof payload === 'string' ? payload : Buffer.from(payload), {
      qos: 1,
      retain,
    });
  }

  /** Asks to be enrolled, as an agent does. */
  async ask(claim = `${this.id}, Oak Street`): Promise<void> {
    await this.askWith(await enrolmentRequest(this.identity, this.id, claim));
  }

  async askWith(request: string): Promise<void> {
    await this.publish(topicOf(prefix, 'enrolmentRequest', { home: this.id }), request, false);
  }

  async publishCatalogue(sequence: number, tensors: CatalogueEntry[], key = this.identity): Promise<void> {
    const signed = signMessage(key, Catalogue, { home: this.id, sequence, tensors });
    await this.publish(topicOf(prefix, 'catalogue', { home: this.id }), signed, true);
  }

  async publishAgreementKey(sequence: number, key = generateAgreement().publicKey): Promise<void> {
    const signed = signMessage(this.identity, AgreementKey, { home: this.id, sequence, key });
    await this.publish(topicOf(prefix, 'agreementKey', { home: this.id }), signed, true);
  }

  async close(): Promise<void> {
    await this.mqtt.endAsync();
  }
}

export function tensor(id: string, ...tags: string[]): CatalogueEntry {
  return {
    id,
    tags,
    description: `the ${id}`,
    quantity: 'energyImport',
    unit: 'Wh',
    dtype: 'float64',
    shape: [96],
    from: noon - 3 * 86_400_000,
    until: noon,
    capacity: [3680, 0],
  };
}

function status(online: boolean): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, online, since: noon, version: '0.1.0' }));
}
