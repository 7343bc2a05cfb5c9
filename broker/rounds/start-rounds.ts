/**
 * All rounds of a coordinator: opens new ones, goes on with those that were running when it last ended.
 */
import type { Logger } from 'pino';
import type { Authority } from '../enrolment/authority.ts';
import type { HomeDirectory } from '../enrolment/home-directory.ts';
import { BrokerError } from '../errors.ts';
import type { Link } from '../mqtt/link.ts';
import type { Clock } from '../protocol/clock.ts';
import { readSet } from '../protocol/contributor-set.ts';
import type { Result } from '../protocol/json-messages.ts';
import { decodeSigned } from '../protocol/message.ts';
import { Catalogue } from '../protocol/messages.ts';
import type { RoundRequest, RoundRow, RoundStanding } from '../protocol/operator.ts';
import { checkAnnounce, makeAnnounce, type Round } from '../protocol/round.ts';
import type { SigningKey } from '../protocol/signing.ts';
import type { Database } from '../store/database.ts';
import { WarningLimit } from '../warning-limit.ts';
import { opening } from './await-answers.ts';
import type { ShownHome } from './candidates.ts';
import { collecting } from './coordinator.ts';
import { CoordinatorShell } from './coordinator-shell.ts';
import { EndedRounds } from './ended-rounds.ts';
import { Inbox } from './inbox.ts';
import { homeMessages } from './incoming.ts';
import { collusionDivisor, planRound, type RoundSettings } from './plan.ts';
import { ResultStore } from './result-store.ts';
import { Results } from './results.ts';
import { RosterStore } from './roster-store.ts';
import { Rosters } from './rosters.ts';
import { RoundList } from './round-list.ts';
import type { Coordinator, Former, RoundRules } from './round-states.ts';
import { RoundStore, type StoredRound, type StoredSet } from './round-store.ts';
import type { PublishedRoster, Rounds, RoundWatcher } from './rounds.ts';
import { standingOf, standingOfForgotten } from './standing.ts';
import { Turns } from './turns.ts';

export interface RoundsParts {
  readonly config: { readonly rounds: RoundSettings };
  readonly clock: Clock;
  readonly log: Logger;
  /** With the tables of migrations-rounds.ts. */
  readonly database: Database;
  /** The coordinator's. */
  readonly key: SigningKey;
  readonly link: Link;
  readonly homes: HomeDirectory;
  readonly authority: Authority;
  /** The system's random source. */
  random(bytes: number): Uint8Array;
  /** Left out: as is good among many homes. */
  readonly gatherMs?: number;
}

/**
 * Starts before the link does: what homes have sent meanwhile comes with its first connection.
 */
export function startRounds(parts: RoundsParts): Rounds {
  const rounds = new RunningRounds(parts);
  rounds.resume();
  return rounds;
}

class RunningRounds implements Rounds {
  readonly #parts: RoundsParts;
  readonly #store: RoundStore;
  readonly #list: RoundList;
  readonly #rosters: Rosters;
  readonly #results: Results;
  readonly #ended: EndedRounds;
  readonly #limit: WarningLimit;
  readonly #inbox: Inbox;
  /** Those that have not ended, by round id. */
  readonly #running = new Map<string, CoordinatorShell>();
  /** A round of a thousand homes has 40 MB of reports. */
  readonly #turns = new Turns(4);
  #background: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: RoundsParts) {
    const { database, link, clock, log, homes } = parts;
    this.#parts = parts;
    this.#store = new RoundStore(database);
    this.#inbox = new Inbox(this.#store, parts.gatherMs);
    this.#list = new RoundList(database);
    this.#rosters = new Rosters({ ...parts, store: new RosterStore(database) });
    this.#limit = new WarningLimit({ log, isKnown: (home) => homes.cohortOf(home) !== undefined });
    this.#results = new Results({ link, clock, store: new ResultStore(database) });
    this.#ended = new EndedRounds({ database, link, clock, homeIds: (roster) => this.#rosters.homeIds(roster) });
  }

  resume(): void {
    const { link } = this.#parts;
    for (const stored of this.#store.running()) {
      const rules = { ...this.#rulesOf(stored), matching: stored.matching };
      this.#begin(rules, this.#stateOf(rules));
    }
    for (const name of homeMessages) {
      link.on(name, ({ home, round }, payload) => this.#running.get(round)?.receive(name, home, payload));
    }
    link.onConnect(() => this.#later(() => this.#publishRetained()));
    this.#results.waitForNext();
  }

  ofRequest(requestId: string): string | undefined {
    return this.#store.roundOfRequest(requestId);
  }

  async open(request: RoundRequest, watcher: RoundWatcher, requestId: string): Promise<RoundRow> {
    const opened = () => this.ofRequest(requestId);
    const before = opened();
    if (before !== undefined) return this.watch(before, watcher);
    const roster = await this.#rosters.upToDate(request.cohort);
    // The same request may have come again meanwhile.
    const known = opened();
    if (known !== undefined) return this.watch(known, watcher);
    const { config, clock, key, log } = this.#parts;
    const now = clock.now();
    const { fields, matching } = planRound(request, {
      now,
      roster,
      homes: this.#shownHomes(request.cohort),
      settings: config.rounds,
      id: this.#parts.random(16),
    });
    // The homes' own checks: what the plan overlooked is refused here, not by them.
    const round = this.#check(makeAnnounce(key, fields), request.cohort, fields.roster, now);
    this.#store.insert(round, { matching, request: requestId, now });
    log.info({ round: round.id, cohort: request.cohort, matching: matching.length }, 'round announced');
    const shell = this.#begin({ round, matching, key }, collecting(round));
    shell.follow(watcher);
    const row = shell.row();
    // Stored, it is published again at every connect: nobody has to wait for this.
    void shell.publishRetained();
    return row;
  }

  watch(round: string, watcher: RoundWatcher): RoundRow {
    const running = this.#running.get(round);
    if (running !== undefined) {
      running.follow(watcher);
      return running.row();
    }
    const { row, result } = this.show(round);
    // Only once the caller has the row.
    if (result !== undefined) setImmediate(() => watcher.ended(result));
    return row;
  }

  list(cohort?: string): RoundRow[] {
    return this.#list.rows(cohort);
  }

  show(round: string): { row: RoundRow; result?: Result } {
    const row = this.#list.row(round);
    if (row === undefined) throw new BrokerError('ROUND_UNKNOWN', { round });
    const text = this.#store.result(round);
    return { row, ...(text !== undefined && { result: JSON.parse(text) as Result }) };
  }

  standing(round: string): RoundStanding {
    const stored = this.#store.find(round);
    if (stored === undefined) throw new BrokerError('ROUND_UNKNOWN', { round });
    const { result } = this.show(round);
    if (this.#list.isForgotten(round)) return standingOfForgotten(result);
    const { matching } = stored;
    const roster = this.#rosters.get(stored.roster);
    const homes = roster.homes.length;
    const sets = this.#store.contributorSets(round);
    const [inForce, before] = sets;
    return standingOf({
      roster,
      matching,
      heard: this.#store.heard(round, homes),
      ...(inForce && {
        asked: {
          wave: inForce.wave,
          answers: this.#store.answers(round, inForce.hash, homes),
          ...(before && { former: this.#formerOf({ id: round, roster }, before) }),
        },
      }),
      complaints: sets.map((set) => this.#store.complaints(round, set.hash)),
      result,
    });
  }

  stop(round: string): RoundRow {
    this.#running.get(round)?.abandon();
    const { row } = this.show(round);
    if (row.reason !== 'stopped') throw new BrokerError('ROUND_OVER', { round, state: row.state });
    return row;
  }

  publishRoster(cohort: string): Promise<PublishedRoster> {
    return this.#rosters.publish(cohort);
  }

  leftOut(cohorts: readonly string[]): PublishedRoster['leftOut'] {
    return this.#rosters.leftOut(cohorts);
  }

  async close(): Promise<void> {
    this.#results.stop();
    this.#inbox.close();
    const shells = [...this.#running.values()];
    this.#running.clear();
    this.#closed = true;
    await Promise.all([this.#background, ...shells.map((shell) => shell.stop())]);
  }

  /** One after the other, and none after `close`. */
  #later(work: () => void | Promise<void>): Promise<void> {
    this.#background = this.#background
      .then(() => (this.#closed ? undefined : work()))
      // Only the database can fail here; what was not published is at the next connect.
      .catch((error: unknown) => this.#parts.log.error(error, 'not published'));
    return this.#background;
  }

  #begin(rules: RoundRules, state: Coordinator): CoordinatorShell {
    const { round } = rules;
    const { link, clock, log, config } = this.#parts;
    const shell = new CoordinatorShell(rules, state, {
      store: this.#store,
      inbox: this.#inbox,
      list: this.#list,
      link,
      clock,
      log: log.child({ round: round.id, cohort: round.announce.cohort }),
      limit: this.#limit,
      settings: config.rounds,
      turns: this.#turns,
      random: (bytes) => this.#parts.random(bytes),
      onEnd: (cleared) => {
        this.#running.delete(round.id);
        this.#results.waitForNext();
        void this.#later(() => this.#rosters.clearUnused());
        void cleared.then((all) => (all ? this.#later(() => this.#ended.markCleared(round.id)) : undefined));
      },
    });
    this.#running.set(round.id, shell);
    shell.start();
    return shell;
  }

  async #publishRetained(): Promise<void> {
    await this.#rosters.publishRetained();
    for (const shell of [...this.#running.values()]) await shell.publishRetained();
    // Before results are taken back: with one goes what says whose open requests there were.
    await this.#ended.clear();
    await this.#results.publishAll();
  }

  #rulesOf({ announce, cohort, roster, announcedAt }: StoredRound): Pick<RoundRules, 'round' | 'key'> {
    return { round: this.#check(announce, cohort, roster, announcedAt), key: this.#parts.key };
  }

  #stateOf({ round, key }: RoundRules): Coordinator {
    const homes = round.roster.homes.length;
    const [stored, before] = this.#store.contributorSets(round.id);
    if (stored === undefined) return { ...collecting(round), heard: this.#store.heard(round.id, homes) };
    const set = readSet(round, key.publicKey, stored.signed);
    return {
      ...opening(round, set, stored.wave, before && this.#formerOf(round, before)),
      answers: this.#store.answers(round.id, set.hash, homes),
      complaints: this.#store.complaints(round.id, set.hash),
    };
  }

  #formerOf({ id, roster }: Pick<Round, 'id' | 'roster'>, { hash }: StoredSet): Former {
    const answers = this.#store.answers(id, hash, roster.homes.length);
    const answered = answers.flatMap((sums, at) => (sums === undefined ? [] : [at + 1]));
    return { hash, answered, complaints: this.#store.complaints(id, hash) };
  }

  #check(signed: Uint8Array, cohort: string, roster: Uint8Array, now: StoredRound['announcedAt']): Round {
    return checkAnnounce(signed, {
      coordinator: this.#parts.key.publicKey,
      cohort,
      now,
      collusionDivisor,
      roster: () => this.#rosters.get(roster),
    });
  }

  #shownHomes(cohort: string): ShownHome[] {
    return this.#parts.homes.approved(cohort).map(({ home, online, catalogue }) => {
      const tensors =
        catalogue === undefined ? [] : Catalogue.decode(decodeSigned(catalogue, Catalogue.type).payload).tensors;
      return { home, online, tensors };
    });
  }
}
