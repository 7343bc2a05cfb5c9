/**
 * A coordinator over a database file, with simulated homes around it: it can be killed and started again at any moment.
 */

import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Authority } from '../../../broker/enrolment/authority.ts';
import type { ApprovedHome } from '../../../broker/enrolment/home-directory.ts';
import { BrokerError } from '../../../broker/errors.ts';
import type { Link } from '../../../broker/mqtt/link.ts';
import { type Clock, durationMs, type EpochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { type Result, Result as ResultSchema } from '../../../broker/protocol/json-messages.ts';
import { decodeSigned } from '../../../broker/protocol/message.ts';
import { Catalogue, type CatalogueEntry, MemberList } from '../../../broker/protocol/messages.ts';
import { RoundRequest, type RoundRow } from '../../../broker/protocol/operator.ts';
import { readSignedJson } from '../../../broker/protocol/signed-json.ts';
import { type SigningKey, signMessage } from '../../../broker/protocol/signing.ts';
import { topicOf } from '../../../broker/protocol/topics.ts';
import type { RoundSettings } from '../../../broker/rounds/plan.ts';
import type { Rounds } from '../../../broker/rounds/rounds.ts';
import { startRounds } from '../../../broker/rounds/start-rounds.ts';
import { type Database, openDatabase } from '../../../broker/store/database.ts';
import { migrations } from '../../../broker/store/migrations.ts';
import { roundMigrations } from '../../../broker/store/migrations-rounds.ts';
import { scheduleMigrations } from '../../../broker/store/migrations-schedules.ts';
import { silentLog } from '../silent-log.ts';
import { cohort, hour, type MadeCohort, midnight, morning } from './made-cohort.ts';
import { prefix, SimulatedHome, type SimulatedHomeParts, Wire } from './simulated-homes.ts';

const allMigrations = [...migrations, ...roundMigrations, ...scheduleMigrations];

export const settings: RoundSettings = {
  minContributors: 3,
  reportWithin: durationMs(hour),
  expireAfter: durationMs(24 * hour),
  grace: durationMs(10_000),
  keepResults: durationMs(30 * 24 * hour),
};

export const entry: CatalogueEntry = {
  id: 'fridge',
  tags: ['#energy-consumption', '#fridge'],
  description: 'Fridge in the kitchen',
  quantity: 'energyImport',
  unit: 'Wh',
  dtype: 'float64',
  shape: [4],
  from: midnight,
  until: morning,
  capacity: [10_000, 0],
};

/** Signs what it is asked to, one list per epoch. */
export function authorityOf(key: SigningKey): Authority {
  const lists = new Map<string, string>();
  return {
    publicKey: key.publicKey,
    signMembers(of, epoch, homes) {
      const sorted = [...homes].sort();
      const before = lists.get(`${of} ${epoch}`);
      if (before !== undefined && before !== sorted.join(' '))
        throw new BrokerError('EPOCH_TAKEN', { cohort: of, epoch });
      lists.set(`${of} ${epoch}`, sorted.join(' '));
      return signMessage(key, MemberList, { cohort: of, epoch, homes: sorted });
    },
  };
}

export type HomePlan = Omit<SimulatedHomeParts, 'home' | 'made'>;

export class Utility {
  readonly wire = new Wire();
  readonly homes: readonly SimulatedHome[];
  readonly made: MadeCohort;
  approved: ApprovedHome[];
  now: EpochMs = morning;
  rounds!: Rounds;
  readonly #folder = mkdtempSync(join(tmpdir(), 'wattveil-rounds-'));
  readonly authority: Authority;
  readonly #log: Logger;
  #database: Database | undefined;
  #clock = new SteppedClock(morning);
  #link!: Link;

  constructor(made: MadeCohort, plans: Readonly<Record<string, HomePlan>>, log = silentLog) {
    this.made = made;
    this.#log = log;
    this.authority = authorityOf(made.authority);
    this.homes = made.homes.map((home) => new SimulatedHome({ home, made, ...plans[home.id] }));
    this.approved = made.homes.map((home) => {
      const { wattHours, declines } = plans[home.id] ?? {};
      const tensors = wattHours === undefined && declines === undefined ? [] : [entry];
      return {
        home: home.id,
        cohort,
        certificate: home.certificate,
        identity: home.identity.publicKey,
        agreementKey: home.agreementKey,
        catalogue: signMessage(home.identity, Catalogue, { home: home.id, sequence: 1, tensors }),
        online: true,
      };
    });
    this.start();
  }

  start(): void {
    this.#clock = new SteppedClock(this.now);
    this.#database = openDatabase(join(this.#folder, 'utility.db'), allMigrations);
    this.#link = this.wire.link();
    this.rounds = startRounds({
      config: { rounds: settings },
      clock: this.#clock,
      log: this.#log,
      database: this.#database,
      key: this.made.coordinator,
      link: this.#link,
      homes: {
        approved: (of) => (of === undefined || of === cohort ? this.approved : []),
        cohortOf: (id) => this.approved.find((home) => home.home === id)?.cohort,
      },
      authority: this.authority,
      random: randomBytes,
      // A test sends one message after the other.
      gatherMs: 0,
    });
  }

  /** What runs beside the rounds, until the next start. */
  parts(): { database: Database; clock: Clock; link: Link } {
    if (this.#database === undefined) throw new Error('it does not run');
    return { database: this.#database, clock: this.#clock, link: this.#link };
  }

  /** As by kill -9: nothing is told, nothing tidied up; what it had armed at its clock never happens. */
  kill(): void {
    this.wire.link();
    this.#database?.close();
  }

  async restart(): Promise<void> {
    this.kill();
    this.start();
    await this.wire.connect();
  }

  end(): void {
    this.kill();
    rmSync(this.#folder, { recursive: true });
  }

  async step(byMs: number): Promise<void> {
    this.now = (this.now + byMs) as EpochMs;
    await this.#clock.stepTo(this.now);
    await settled();
  }

  /** Each home looks once at what is asked of it now: what is asked because of this comes later. */
  async look(...ids: readonly string[]): Promise<void> {
    const retained = new Map(this.wire.retained);
    for (const home of this.homes) {
      if (ids.length === 0 || ids.includes(home.id)) await home.look(this.wire, retained, this.now);
    }
    await settled();
  }

  /** Asks for the tutorial's day. */
  async ask(changes: Partial<RoundRequest> = {}, request = randomBytes(8).toString('hex')): Promise<Followed> {
    const followed: Followed = { rows: [], results: [], round: '' };
    const watcher = {
      progress: (row: RoundRow) => void followed.rows.push(row),
      ended: (result: Result) => void followed.results.push(result),
    };
    const row = await this.rounds.open(roundRequest(changes), watcher, request);
    await settled();
    return Object.assign(followed, { round: row.round });
  }

  /** The hash of a round that is announced now. */
  hashOf(round: string): Uint8Array {
    const announce = this.wire.retained.get(topicOf(prefix, 'round', { cohort, round })) ?? Buffer.alloc(0);
    return createHash('sha256')
      .update('wattveil/1/round\0')
      .update(decodeSigned(announce, 'announce').payload)
      .digest();
  }

  /** Bytes of the reports on disk, and of everything on disk that grows with a round. */
  blobBytes(): { reports: number; all: number } {
    const sum = (column: string, table: string) =>
      this.#database?.prepare(`SELECT coalesce(sum(length(${column})), 0) FROM ${table}`).pluck().get() as number;
    const reports = sum('report', 'reports');
    const others: [string, string][] = [
      ['salt', 'reports'],
      ['digest', 'reports'],
      ['announce', 'rounds'],
      ['signed', 'contributor_sets'],
      ['sums', 'answers'],
      ['signed', 'results'],
    ];
    return { reports, all: others.reduce((total, [column, table]) => total + sum(column, table), reports) };
  }

  /** The result that is retained, its signature checked. */
  result(round: string): Result | undefined {
    const text = this.wire.retained.get(topicOf(prefix, 'result', { cohort, round }));
    return text && readSignedJson(ResultSchema, 'result', this.made.coordinator.publicKey, text, 'the coordinator');
  }
}

export interface Followed {
  round: string;
  readonly rows: RoundRow[];
  readonly results: Result[];
}

export function roundRequest(changes: Partial<RoundRequest> = {}): RoundRequest {
  return {
    ...RoundRequest.parse({
      v: 1,
      type: 'round',
      cohort,
      tags: ['#energy-consumption'],
      from: midnight,
      step: 'PT6H',
      slots: 4,
    }),
    ...changes,
  };
}

/** Until everything that was begun has been published. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
