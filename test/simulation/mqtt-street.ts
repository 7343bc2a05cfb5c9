/**
 * Cohorts of simulated homes around the utility's own process: homes on real MQTT connections, in this process; broker
 * and coordinator in one of their own, which can be killed. The homes are in its data folder from the start.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { stringify } from 'yaml';
import { createAuthority } from '../../broker/enrolment/authority.ts';
import { HomeStore } from '../../broker/enrolment/home-store.ts';
import { openKeyFile } from '../../broker/enrolment/key-file.ts';
import { type AgreementSecret, generateAgreement, pairKeysOf } from '../../broker/protocol/agreement.ts';
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import { defaultPrefix as prefix } from '../../broker/protocol/default-prefix.ts';
import { AgreementKey, Catalogue } from '../../broker/protocol/messages.ts';
import { type AcceptedRoster, checkRoster } from '../../broker/protocol/roster.ts';
import { generateSigningKey, signMessage } from '../../broker/protocol/signing.ts';
import { topicOf } from '../../broker/protocol/topics.ts';
import { OperatorLink } from '../../broker/sdk/operator-link.ts';
import { openDatabase } from '../../broker/store/database.ts';
import { migrations } from '../../broker/store/migrations.ts';
import { roundMigrations } from '../../broker/store/migrations-rounds.ts';
import { type Running, startWattveil } from '../../scripts/story/processes.ts';
import { freePort } from '../../scripts/story/street.ts';
import { MqttHome } from './mqtt-home.ts';
import { tensors } from './street.ts';

export interface MqttStreetPlan {
  readonly folder: string;
  readonly cohorts: readonly string[];
  /** In each cohort. */
  readonly homes: number;
  readonly rounds?: Readonly<Record<string, unknown>>;
  /** Of a home that cannot go on. */
  readonly onError: (error: unknown) => void;
}

export class MqttStreet {
  readonly url: string;
  readonly databasePath: string;
  readonly homes: readonly MqttHome[];
  readonly operator: OperatorLink;
  broker: Running;
  readonly #configPath: string;

  private constructor(parts: Pick<MqttStreet, 'url' | 'homes' | 'operator' | 'broker'> & { folder: string }) {
    this.url = parts.url;
    this.homes = parts.homes;
    this.operator = parts.operator;
    this.broker = parts.broker;
    this.databasePath = join(parts.folder, 'utility', 'broker.db');
    this.#configPath = join(parts.folder, 'broker.yaml');
  }

  /** Homes with a roster for each cohort, connected. */
  static async open(plan: MqttStreetPlan): Promise<MqttStreet> {
    const port = await freePort();
    const url = `mqtt://127.0.0.1:${port}`;
    const configPath = join(plan.folder, 'broker.yaml');
    const seeded = await seed(join(plan.folder, 'utility'), plan);
    const { folder, rounds } = plan;
    const config = { dataDir: join(folder, 'utility'), listen: { host: '127.0.0.1', port }, ...(rounds && { rounds }) };
    await writeFile(configPath, stringify(config));
    const broker = await startBroker(configPath);
    const operator = await OperatorLink.open(url, { timeoutMs: 60_000 });
    const homes: MqttHome[] = [];
    for (const cohort of plan.cohorts) {
      const roster = await publishedRoster(operator, url, cohort, seeded);
      homes.push(...roster.homes.map(({ id, index }) => homeOf({ roster, own: index, id }, seeded, plan.onError)));
    }
    await Promise.all(homes.map((home) => home.start(url)));
    return new MqttStreet({ folder, url, homes, operator, broker });
  }

  /** As a power cut does. */
  async kill(): Promise<void> {
    await this.broker.end('SIGKILL');
  }

  async restart(): Promise<void> {
    this.broker = await startBroker(this.#configPath);
  }

  async close(): Promise<void> {
    await this.operator.close();
    await Promise.all(this.homes.map((home) => home.close()));
    await this.broker.end();
  }
}

interface Seeded {
  readonly secrets: ReadonlyMap<string, AgreementSecret>;
  readonly coordinator: Uint8Array;
  readonly authority: Uint8Array;
}

async function seed(dataDir: string, { cohorts, homes }: MqttStreetPlan): Promise<Seeded> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const database = openDatabase(join(dataDir, 'broker.db'), [...migrations, ...roundMigrations]);
  const store = new HomeStore(database);
  const key = openKeyFile(join(dataDir, 'authority.pem'), true);
  const authority = await createAuthority(key, database);
  const coordinator = openKeyFile(join(dataDir, 'coordinator.pem'), true).publicKey;
  const now = epochMs(Date.now());
  const secrets = new Map<string, AgreementSecret>();
  for (const cohort of cohorts) {
    for (let at = 1; at <= homes; at += 1) {
      const home = `${cohort}-${String(at).padStart(4, '0')}`;
      secrets.set(home, await enrol({ home, cohort, now, store, authority }));
    }
  }
  database.close();
  return { secrets, coordinator, authority: key.publicKey };
}

interface Enrolling {
  readonly home: string;
  readonly cohort: string;
  readonly now: EpochMs;
  readonly store: HomeStore;
  readonly authority: Awaited<ReturnType<typeof createAuthority>>;
}

async function enrol({ home, cohort, now, store, authority }: Enrolling): Promise<AgreementSecret> {
  const key = generateSigningKey();
  const secret = generateAgreement();
  const identity = key.publicKey;
  store.approve(
    { home, cohort, identity, certificate: await authority.certify({ home, cohort, identity, now }), claim: '' },
    now,
  );
  store.keep('agreement_keys', home, {
    sequence: 1,
    signed: signMessage(key, AgreementKey, { home, sequence: 1, key: secret.publicKey }),
  });
  const shown = tensors.map(({ id, tags, quantity, unit, capacity }) => ({
    ...{ id, tags: [...tags], description: '', quantity, unit, capacity },
    ...{ dtype: 'float64' as const, shape: [1], from: 0, until: now },
  }));
  store.keep('catalogues', home, {
    sequence: 1,
    signed: signMessage(key, Catalogue, { home, sequence: 1, tensors: shown }),
  });
  return secret;
}

async function publishedRoster(
  operator: OperatorLink,
  url: string,
  cohort: string,
  { coordinator, authority }: Seeded,
): Promise<AcceptedRoster> {
  const { hash } = await operator.request({ type: 'roster', cohort });
  const client = await connectAsync(url, { clientId: 'roster-reader' });
  const signed = await new Promise<Buffer>((resolve) => {
    client.once('message', (_, payload) => resolve(payload));
    client.subscribe(topicOf(prefix, 'roster', { cohort, hash }), { qos: 1 });
  });
  await client.endAsync();
  const now = epochMs(Date.now());
  // Checked once for all its homes: elsewhere each has a processor of its own.
  return checkRoster(signed, { coordinator, authority, cohort, now, seen: new Map(), epochs: new Map() });
}

function homeOf(
  { roster, own, id }: { roster: AcceptedRoster; own: number; id: string },
  { secrets, coordinator }: Seeded,
  onError: (error: unknown) => void,
): MqttHome {
  const secret = secrets.get(id);
  if (secret === undefined) throw new Error(`${id} was not enrolled`);
  return new MqttHome({ roster, own, pairKeys: pairKeysOf(secret, roster), coordinator }, onError);
}

async function startBroker(configPath: string): Promise<Running> {
  const broker = startWattveil('broker', ['broker', 'run', '--log-level', 'info', '--config', configPath]);
  await broker.line((line) => line.includes('listening'));
  return broker;
}
