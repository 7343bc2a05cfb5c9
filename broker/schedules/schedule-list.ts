/**
 * Schedules as operators see them: what each asks for, how its last run went, when the next one is.
 */
import type { ScheduleRow, ScheduleRun } from '../protocol/schedule.ts';
import type { Rounds } from '../rounds/rounds.ts';
import { nextRun } from './due-runs.ts';
import type { ScheduleStore, StoredRun, StoredSchedule } from './schedule-store.ts';

export class ScheduleList {
  readonly #store: ScheduleStore;
  readonly #rounds: Pick<Rounds, 'show'>;

  constructor(store: ScheduleStore, rounds: Pick<Rounds, 'show'>) {
    this.#store = store;
    this.#rounds = rounds;
  }

  rows(cohort?: string): ScheduleRow[] {
    return this.#store
      .all()
      .filter(({ terms }) => cohort === undefined || terms.cohort === cohort)
      .map((stored) => this.#rowOf(stored));
  }

  /** @throws {BrokerError} SCHEDULE_UNKNOWN */
  row(schedule: string): ScheduleRow {
    return this.#rowOf(this.#store.get(schedule));
  }

  #rowOf({ terms, paused, doneUntil }: StoredSchedule): ScheduleRow {
    const last = this.#store.lastRun(terms.schedule);
    return {
      ...terms,
      paused,
      ...(last && { last: this.#runOf(last) }),
      ...(!paused && { next: nextRun(terms, doneUntil) }),
    };
  }

  #runOf({ schedule: _schedule, ...run }: StoredRun): ScheduleRun {
    if (run.round === undefined) return run;
    const { result } = this.#rounds.show(run.round);
    if (result === undefined) return run;
    if (result.state === 'failed') return { ...run, reason: result.reason };
    return { ...run, contributors: result.contributors, mean: result.mean };
  }
}
