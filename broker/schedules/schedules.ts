/**
 * Carries schedules out: asks for each slot once it is over, and makes a tariff of its sum. Each step is on disk before
 * the next one is taken, and a step that is taken twice changes nothing: the round's request is named after schedule
 * and slot. Whoever was away for long asks for the newest slot only.
 */

import type { Logger } from 'pino';
import { BrokerError } from '../errors.ts';
import { given } from '../given.ts';
import { type Clock, type EpochMs, epochMs } from '../protocol/clock.ts';
import { CodedError } from '../protocol/errors.ts';
import type { Result } from '../protocol/json-messages.ts';
import type { RoundRequest } from '../protocol/operator.ts';
import type { ScheduleTerms } from '../protocol/schedule.ts';
import type { Rounds, RoundWatcher } from '../rounds/rounds.ts';
import type { Tariffs } from '../tariff/tariffs.ts';
import { dueRuns, nextRun, slotAt } from './due-runs.ts';
import type { RunError, ScheduleStore, StoredRun, StoredSchedule } from './schedule-store.ts';
import { assertTerms } from './schedule-terms.ts';

export interface SchedulesParts {
  readonly store: ScheduleStore;
  readonly rounds: Pick<Rounds, 'open' | 'ofRequest' | 'watch' | 'show'>;
  readonly tariffs: Pick<Tariffs, 'set'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Homes come back one by one after an outage, of theirs or ours; those that stay away longer are asked for less often. */
const tryAgainMs = { first: 30_000, longest: 600_000 };
/** What more connected homes would heal. */
const healing: readonly string[] = ['ROUND_TOO_FEW_ONLINE', 'ROUND_TOO_FEW_MEMBERS'];

export class Schedules {
  readonly #parts: SchedulesParts;
  readonly #timers = new Map<string, () => void>();
  /** One after the other: a later slot's prices are noted before an earlier one's are thought of. */
  #ending: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
  }

  /** Goes on with what was under way. */
  start(): void {
    const { store, rounds } = this.#parts;
    for (const { terms } of store.all()) {
      this.#noteOpened(terms.schedule);
      for (const { round, until } of store.running(terms.schedule)) {
        rounds.watch(round ?? '', this.#watcher(terms.schedule, until));
      }
      this.#arm(terms.schedule);
    }
  }

  /** A round that was opened and not noted, as the process ended or the disk was full: its run is not to give way to the next. */
  #noteOpened(schedule: string): StoredRun | undefined {
    const { store, rounds } = this.#parts;
    const asking = store.asking(schedule);
    const round = asking && rounds.ofRequest(requestOf(schedule, asking.until));
    if (asking === undefined || round === undefined) return undefined;
    store.opened(schedule, asking.until, round);
    return { ...asking, round };
  }

  /** Its end may have come before it was noted, and been passed over. */
  #followOpened(schedule: string): void {
    const run = this.#noteOpened(schedule);
    if (run?.round !== undefined) this.#parts.rounds.watch(run.round, this.#watcher(schedule, run.until));
  }

  /**
   * The first slot asked for is the one that runs now. The same terms again change nothing.
   * @throws {BrokerError} SCHEDULE_EXISTS, SCHEDULE_TARIFF_TAKEN, SCHEDULE_ZONE_UNKNOWN, SCHEDULE_SPREAD_TOO_LONG, SCHEDULE_NOT_ENERGY, FORMULA_*
   */
  add(terms: ScheduleTerms): void {
    assertTerms(terms);
    const { store, clock } = this.#parts;
    const known = store.find(terms.schedule);
    if (known === undefined) {
      assertOnlyTariff(terms, store.all());
      store.insert(terms, clock.now());
    } else if (JSON.stringify(known.terms) !== JSON.stringify(terms)) {
      throw new BrokerError('SCHEDULE_EXISTS', { schedule: terms.schedule });
    }
    this.#arm(terms.schedule);
  }

  /** What falls due meanwhile is left out; rounds that run go on. @throws {BrokerError} SCHEDULE_UNKNOWN */
  pause(schedule: string): void {
    const { store } = this.#parts;
    store.setPaused(schedule, true, store.get(schedule).doneUntil);
    this.#disarm(schedule);
  }

  /** @throws {BrokerError} SCHEDULE_UNKNOWN */
  resume(schedule: string): void {
    const { store, clock } = this.#parts;
    const { terms, doneUntil, paused } = store.get(schedule);
    if (!paused) return;
    const due = dueRuns(terms, { after: doneUntil, now: clock.now() });
    store.setPaused(schedule, false, due.at(-1)?.until ?? doneUntil);
    this.#arm(schedule);
  }

  /** A round that runs goes on; no tariff is made of it. @throws {BrokerError} SCHEDULE_UNKNOWN */
  remove(schedule: string): void {
    const { store } = this.#parts;
    store.remove(store.get(schedule).terms.schedule);
    this.#disarm(schedule);
  }

  /** What is under way is carried on by the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const callOff of this.#timers.values()) callOff();
    this.#timers.clear();
    await this.#ending;
  }

  #disarm(schedule: string): void {
    this.#timers.get(schedule)?.();
    this.#timers.delete(schedule);
  }

  /** Waits for whatever is next of it: a slot that is due, or one more try. */
  #arm(schedule: string, tried = false): void {
    this.#disarm(schedule);
    const { store, clock, log } = this.#parts;
    const stored = store.find(schedule);
    if (this.#closed || stored === undefined || stored.paused) return;
    const now = clock.now();
    const asking = store.asking(schedule);
    const soonest = epochMs(now + (tried ? waitFor(now - (asking?.at ?? now)) : 0));
    const due = nextRun(stored.terms, stored.doneUntil).at;
    const next = asking === undefined || due < soonest ? due : soonest;
    // What is due still, though it was just tried, has failed: the disk was full, say.
    const at = next > now ? next : soonest;
    const callOff = clock.at(at, async () => {
      try {
        await this.#go(schedule);
      } catch (error) {
        log.error({ err: error, schedule }, 'a schedule could not go on; it is tried again');
      }
      this.#arm(schedule, true);
    });
    this.#timers.set(schedule, callOff);
  }

  async #go(schedule: string): Promise<void> {
    const { store, clock } = this.#parts;
    const stored = store.find(schedule);
    if (stored === undefined || stored.paused) return;
    const { terms, doneUntil } = stored;
    const due = dueRuns(terms, { after: doneUntil, now: clock.now() });
    const newest = due.at(-1);
    if (newest !== undefined) {
      this.#followOpened(schedule);
      store.begin(schedule, newest, due.length - 1, clock.now());
    }
    const asking = store.asking(schedule);
    if (asking !== undefined) await this.#ask(terms, asking);
  }

  async #ask(terms: ScheduleTerms, { schedule, from, until }: StoredRun): Promise<void> {
    const { store, rounds, log } = this.#parts;
    try {
      const watcher = this.#watcher(schedule, until);
      const { round } = await rounds.open(roundRequest(terms, from, until), watcher, requestOf(schedule, until));
      store.opened(schedule, until, round);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const state = healing.includes(error.code) ? 'asking' : 'refused';
      store.refused(schedule, until, state, inWords(error));
      log.warn({ schedule, code: error.code, until, state }, error.message);
    }
  }

  #watcher(schedule: string, until: EpochMs): RoundWatcher {
    const { log } = this.#parts;
    return {
      progress: () => undefined,
      ended: (result) => {
        this.#ending = this.#ending
          .then(() => (this.#closed ? undefined : this.#ended(schedule, until, result)))
          // The run is still under way on disk: the next start goes on with it.
          .catch((error: unknown) => log.error({ err: error, schedule, round: result.round }, 'no end of a run noted'));
      },
    };
  }

  async #ended(schedule: string, until: EpochMs, result: Result): Promise<void> {
    const { store, log } = this.#parts;
    const terms = store.find(schedule)?.terms;
    const run = store.run(schedule, until);
    // Removed meanwhile, or dealt with already.
    if (terms === undefined || run?.state !== 'running') return;
    if (result.state === 'failed') {
      store.ended(schedule, until, { state: 'failed' });
      log.warn({ schedule, round: result.round, reason: result.reason }, 'a scheduled round failed');
      return;
    }
    store.ended(schedule, until, { state: 'opened', ...(await this.#tariffOf(terms, until, result.round)) });
  }

  /** A crash between this and the note of it sets the same prices again: with a higher sequence, nothing else changes. */
  async #tariffOf(
    terms: ScheduleTerms,
    until: EpochMs,
    round: string,
  ): Promise<{ centsPerKwh?: readonly number[]; error?: RunError }> {
    const { store, rounds, tariffs, clock, log } = this.#parts;
    const { schedule, tariff } = terms;
    // A sum that came late is no reason to go back to older prices.
    if (tariff === undefined || store.hasLaterTariff(schedule, until)) return {};
    try {
      const span = slotAt(terms, clock.now());
      const { centsPerKwh } = await tariffs.set({ v: 1, type: 'tariff', round, ...tariff }, rounds.show(round), span);
      return { centsPerKwh };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      log.warn({ schedule, round, code: error.code }, error.message);
      return { error: inWords(error) };
    }
  }
}

/** Prices of two schedules would take turns, and nobody would see why. */
function assertOnlyTariff({ cohort, tariff }: ScheduleTerms, all: readonly StoredSchedule[]): void {
  const other = all.find(({ terms }) => terms.cohort === cohort && terms.tariff !== undefined);
  if (tariff === undefined || other === undefined) return;
  throw new BrokerError('SCHEDULE_TARIFF_TAKEN', { cohort, other: other.terms.schedule });
}

/** Of a slot: the same always, so that its round is opened once. */
const requestOf = (schedule: string, until: EpochMs): string => `schedule:${schedule}:${until}`;

function roundRequest(terms: ScheduleTerms, from: EpochMs, until: EpochMs): RoundRequest {
  const { cohort, tags, quantity, unit, statistics, resolution, limit, minimum } = terms;
  return {
    v: 1,
    type: 'round',
    ...{ cohort, tags, quantity, unit, statistics, from, step: until - from, slots: 1 },
    ...given({ resolution, limit, minimum }),
  };
}

function waitFor(askedSinceMs: number): number {
  return Math.min(Math.max(tryAgainMs.first, Math.floor(askedSinceMs / 4)), tryAgainMs.longest);
}

function inWords({ code, message, remedy }: CodedError): RunError {
  return { code, says: message, remedy };
}
