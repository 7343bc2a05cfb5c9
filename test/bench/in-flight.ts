/**
 * 500 cohorts of 100 in one coordinator at once: every round collects while all others do, then all of them are opened
 * together. The rounds' real shells over a real database; what would go to the homes is counted, what they would send is
 * made up: a coordinator can look into no share.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Link } from '../../broker/mqtt/link.ts';
import { durationMs, epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import { readSet } from '../../broker/protocol/contributor-set.ts';
import { defaultPrefix } from '../../broker/protocol/default-prefix.ts';
import { Answer, Open, Report } from '../../broker/protocol/messages.ts';
import { sealedShareBytes } from '../../broker/protocol/report.ts';
import type { Round } from '../../broker/protocol/round.ts';
import { readTopic } from '../../broker/protocol/topics.ts';
import { collecting } from '../../broker/rounds/coordinator.ts';
import { CoordinatorShell } from '../../broker/rounds/coordinator-shell.ts';
import { Inbox } from '../../broker/rounds/inbox.ts';
import { RosterStore } from '../../broker/rounds/roster-store.ts';
import { RoundList } from '../../broker/rounds/round-list.ts';
import { RoundStore } from '../../broker/rounds/round-store.ts';
import { Turns } from '../../broker/rounds/turns.ts';
import { openDatabase } from '../../broker/store/database.ts';
import { roundMigrations } from '../../broker/store/migrations-rounds.ts';
import { WarningLimit } from '../../broker/warning-limit.ts';
import { atMost, type Figure } from './figure.ts';
import { type MadeRound, makeRound } from './made-round.ts';

const cohorts = 500;
const homes = 100;

export async function measure(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wattveil-in-flight-'));
  const before = process.memoryUsage.rss();
  const bench = new InFlight(folder);
  const started = performance.now();
  const cpu = process.cpuUsage();
  try {
    await bench.collect();
    const collected = process.memoryUsage.rss();
    await bench.open();
    const { user, system } = process.cpuUsage(cpu);
    const of = `${cohorts} cohorts of ${homes} in flight`;
    const added = (bytes: number) => (bytes - before) / 1e6;
    return [
      { name: `${of}: memory while all collect`, value: added(collected), unit: 'MB', goal: atMost(200) },
      { name: `${of}: most memory`, value: added(bench.mostResident), unit: 'MB', goal: atMost(400) },
      { name: `${of}: processor time of a round`, value: (user + system) / 1000 / cohorts, unit: 'ms' },
      { name: `${of}: from first report to last result`, value: (performance.now() - started) / 1000, unit: 's' },
    ];
  } finally {
    bench.close();
    await rm(folder, { recursive: true });
  }
}

interface Cohort {
  readonly made: MadeRound;
  readonly shell: CoordinatorShell;
}

class InFlight {
  mostResident = 0;
  readonly #database;
  readonly #cohorts: readonly Cohort[];
  readonly #byRound: ReadonlyMap<string, Cohort>;
  #ended = 0;

  constructor(folder: string) {
    this.#database = openDatabase(join(folder, 'broker.db'), roundMigrations);
    // Memory is measured here: 100,000 transactions that wait for the disk would take minutes.
    this.#database.pragma('synchronous = OFF');
    const store = new RoundStore(this.#database);
    const rosters = new RosterStore(this.#database);
    const turns = new Turns(4);
    const log = pino({ level: 'silent' });
    const inbox = new Inbox(store);
    this.#cohorts = Array.from({ length: cohorts }, (_, at) => {
      const made = makeRound(homes, `feeder-${at}`);
      const { round, coordinator: key } = made;
      const now = epochMs(round.announce.deadline - 1);
      const matching = round.roster.homes.map(({ index }) => index);
      rosters.insert(round.roster, new Uint8Array(1), now);
      store.insert(round, { matching, request: round.id, now });
      const shell = new CoordinatorShell({ round, matching, key }, collecting(round), {
        ...{
          store,
          inbox,
          turns,
          list: new RoundList(this.#database),
          link: this.#link(),
          clock: new SteppedClock(now),
        },
        ...{ log, limit: new WarningLimit({ log, isKnown: () => true }) },
        settings: { ...{ minContributors: 15, reportWithin: hour, expireAfter: hour, keepResults: hour }, grace: hour },
        random: randomBytes,
        onEnd: () => {
          this.#ended += 1;
        },
      });
      return { made, shell };
    });
    this.#byRound = new Map(this.#cohorts.map((each) => [each.made.round.id, each]));
  }

  /** All reports but the last of each round. */
  async collect(): Promise<void> {
    for (let home = 1; home < homes; home += 1) {
      for (const cohort of this.#cohorts) report(cohort, home);
      await this.#pass();
    }
  }

  /** The last report of every round at once; each member answers what it is asked. */
  async open(): Promise<void> {
    for (const cohort of this.#cohorts) report(cohort, homes);
    while (this.#ended < cohorts) await this.#pass();
  }

  close(): void {
    this.#database.close();
  }

  /** The broker's process has time for others, and is looked at. */
  #pass(): Promise<void> {
    this.mostResident = Math.max(this.mostResident, process.memoryUsage.rss());
    return new Promise((resolve) => setImmediate(resolve));
  }

  #link(): Link {
    return {
      prefix: defaultPrefix,
      publish: async (topic, payload) => {
        await this.#pass();
        const received = readTopic(defaultPrefix, topic);
        if (received?.name !== 'open' || payload.length === 0 || typeof payload === 'string') return true;
        const cohort = this.#byRound.get(received.levels.round);
        if (cohort !== undefined) answer(cohort, received.levels.home, payload);
        return true;
      },
      on: () => undefined,
      onConnect: () => undefined,
    };
  }
}

const hour = durationMs(3_600_000);

function report({ made: { round }, shell }: Cohort, home: number): void {
  const shares = randomBytes(homes * sealedShareBytes(round));
  void shell.receive('report', idOf(round, home), Report.encode({ round: round.hash, salt: randomBytes(16), shares }));
}

/** Nothing but zeros lies on a polynomial, too: the sum opens to 0. */
function answer({ made: { round, coordinator }, shell }: Cohort, home: string, request: Uint8Array): void {
  const { hash } = readSet(round, coordinator.publicKey, Open.decode(request).set);
  const sums = new Uint8Array(8 * round.blocks);
  void shell.receive('answer', home, Answer.encode({ round: round.hash, set: hash, sums }));
}

function idOf({ roster }: Round, index: number): string {
  return roster.homes[index - 1]?.id ?? '';
}
