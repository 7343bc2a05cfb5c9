/**
 * Schedules and their runs on disk: each step of a run is there before the next is taken.
 */
import { BrokerError } from '../errors.ts';
import { hint } from '../nearest.ts';
import { type EpochMs, epochMs } from '../protocol/clock.ts';
import { type ScheduleRun, ScheduleTerms } from '../protocol/schedule.ts';
import type { Database } from '../store/database.ts';
import type { DueRun } from './due-runs.ts';

export interface StoredSchedule {
  readonly terms: ScheduleTerms;
  /** End of the last slot that was asked for, or was to be left out. */
  readonly doneUntil: EpochMs;
  readonly paused: boolean;
}

export type RunError = NonNullable<ScheduleRun['error']>;

export interface StoredRun {
  readonly schedule: string;
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly at: EpochMs;
  readonly state: ScheduleRun['state'];
  readonly missed: number;
  readonly round?: string;
  readonly error?: RunError;
  readonly centsPerKwh?: number[];
}

/** Runs that have ended are kept for so long. */
const keptMs = 30 * 24 * 3_600_000;

export class ScheduleStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(schedule: string): StoredSchedule | undefined {
    return this.#schedules('WHERE schedule = ?', schedule)[0];
  }

  /** @throws {BrokerError} SCHEDULE_UNKNOWN */
  get(schedule: string): StoredSchedule {
    const stored = this.find(schedule);
    if (stored !== undefined) return stored;
    const names = this.all().map(({ terms }) => terms.schedule);
    throw new BrokerError('SCHEDULE_UNKNOWN', { schedule, hint: hint(schedule, names) });
  }

  /** In the order of their names. */
  all(): StoredSchedule[] {
    return this.#schedules('');
  }

  #schedules(where: string, ...values: readonly string[]): StoredSchedule[] {
    const rows = this.#database
      .prepare(`SELECT terms, done_until_ms, paused FROM schedules ${where} ORDER BY schedule`)
      .all(...values) as { terms: string; done_until_ms: number; paused: 0 | 1 }[];
    return rows.map(({ terms, done_until_ms, paused }) => ({
      terms: ScheduleTerms.parse(JSON.parse(terms)),
      doneUntil: epochMs(done_until_ms),
      paused: paused === 1,
    }));
  }

  insert(terms: ScheduleTerms, doneUntil: EpochMs): void {
    this.#database
      .prepare('INSERT INTO schedules (schedule, cohort, terms, done_until_ms) VALUES (?, ?, ?, ?)')
      .run(terms.schedule, terms.cohort, JSON.stringify(terms), doneUntil);
  }

  /** With its runs. */
  remove(schedule: string): void {
    this.#database.prepare('DELETE FROM schedules WHERE schedule = ?').run(schedule);
  }

  setPaused(schedule: string, paused: boolean, doneUntil: EpochMs): void {
    this.#database
      .prepare('UPDATE schedules SET paused = ?, done_until_ms = ? WHERE schedule = ?')
      .run(paused ? 1 : 0, doneUntil, schedule);
  }

  /** A run that is still asking gives way: its slot is over for good. */
  begin(schedule: string, { from, until }: DueRun, missed: number, now: EpochMs): void {
    this.#database.transaction(() => {
      this.#run(`UPDATE schedule_runs SET state = 'refused' WHERE schedule = ? AND state = 'asking'`, schedule);
      this.#run(
        `INSERT INTO schedule_runs (schedule, until_ms, from_ms, asked_at_ms, state, missed)
         VALUES (?, ?, ?, ?, 'asking', ?)`,
        schedule,
        until,
        from,
        now,
        missed,
      );
      this.#run('UPDATE schedules SET done_until_ms = ? WHERE schedule = ?', until, schedule);
      this.#run(
        `DELETE FROM schedule_runs WHERE schedule = ? AND until_ms < ? AND state NOT IN ('asking', 'running')`,
        schedule,
        now - keptMs,
      );
    })();
  }

  opened(schedule: string, until: EpochMs, round: string): void {
    this.#run(
      `UPDATE schedule_runs SET state = 'running', round = ?, error = NULL WHERE schedule = ? AND until_ms = ?`,
      round,
      schedule,
      until,
    );
  }

  /** @param state `asking` where it is tried again */
  refused(schedule: string, until: EpochMs, state: 'asking' | 'refused', error: RunError): void {
    this.#run(
      'UPDATE schedule_runs SET state = ?, error = ? WHERE schedule = ? AND until_ms = ?',
      state,
      JSON.stringify(error),
      schedule,
      until,
    );
  }

  ended(
    schedule: string,
    until: EpochMs,
    { state, error, centsPerKwh }: { state: 'opened' | 'failed'; error?: RunError; centsPerKwh?: readonly number[] },
  ): void {
    this.#run(
      'UPDATE schedule_runs SET state = ?, error = ?, cents_per_kwh = ? WHERE schedule = ? AND until_ms = ?',
      state,
      error === undefined ? null : JSON.stringify(error),
      centsPerKwh === undefined ? null : JSON.stringify(centsPerKwh),
      schedule,
      until,
    );
  }

  #run(sql: string, ...values: readonly (string | number | null)[]): void {
    this.#database.prepare(sql).run(...values);
  }

  run(schedule: string, until: EpochMs): StoredRun | undefined {
    return this.#runs('WHERE schedule = ? AND until_ms = ?', schedule, until)[0];
  }

  lastRun(schedule: string): StoredRun | undefined {
    return this.#runs('WHERE schedule = ? ORDER BY until_ms DESC LIMIT 1', schedule)[0];
  }

  /** Whether a later slot's sum has set the prices. */
  hasLaterTariff(schedule: string, until: EpochMs): boolean {
    const where = 'WHERE schedule = ? AND until_ms > ? AND cents_per_kwh IS NOT NULL LIMIT 1';
    return this.#runs(where, schedule, until).length > 0;
  }

  /** The run whose round is not open yet. */
  asking(schedule: string): StoredRun | undefined {
    return this.#runs(`WHERE schedule = ? AND state = 'asking'`, schedule)[0];
  }

  running(schedule: string): StoredRun[] {
    return this.#runs(`WHERE schedule = ? AND state = 'running' ORDER BY until_ms`, schedule);
  }

  #runs(where: string, ...values: readonly (string | number)[]): StoredRun[] {
    const rows = this.#database.prepare(`SELECT * FROM schedule_runs ${where}`).all(...values) as RunColumns[];
    return rows.map((row) => ({
      schedule: row.schedule,
      from: epochMs(row.from_ms),
      until: epochMs(row.until_ms),
      at: epochMs(row.asked_at_ms),
      state: row.state,
      missed: row.missed,
      ...(row.round !== null && { round: row.round }),
      ...(row.error !== null && { error: JSON.parse(row.error) as RunError }),
      ...(row.cents_per_kwh !== null && { centsPerKwh: JSON.parse(row.cents_per_kwh) as number[] }),
    }));
  }
}

interface RunColumns {
  readonly schedule: string;
  readonly from_ms: number;
  readonly until_ms: number;
  readonly asked_at_ms: number;
  readonly state: StoredRun['state'];
  readonly missed: number;
  readonly round: string | null;
  readonly error: string | null;
  readonly cents_per_kwh: string | null;
}
