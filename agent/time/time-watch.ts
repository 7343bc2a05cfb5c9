/**
 * Watches the machine's clock against one that is never set, and tells whether it is to be believed.
 */
import type { Logger } from 'pino';
import { type Clock, type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import { AgentError } from '../errors.ts';
import type { Troubles } from '../troubles.ts';
import { type Doubt, judgeTime, type Moment, type TimeTrust, toleranceMs, wasSet } from './time-trust.ts';

/** What the rest of the agent sees of it. */
export interface TrustedTime {
  /** Looks at the clock. */
  isTrusted(): boolean;
  /** What the clock should have said when something was stamped: only while it is trusted. */
  instantOf(stamp: Stamp): EpochMs;
}

export interface Stamp {
  readonly at: EpochMs;
  readonly elapsed?: number | undefined;
}

/** Where time is stepped by hand there is none other. */
export const steppedTime: TrustedTime = {
  isTrusted: () => true,
  instantOf: ({ at }) => at,
};

export interface WatchParts {
  readonly clock: Clock;
  /** Milliseconds on a clock that is never set. */
  readonly elapsed: () => number;
  readonly isSynchronised: () => Promise<boolean>;
  /** The latest instant stored before this start. */
  readonly stored: EpochMs | undefined;
  readonly troubles: Troubles;
  readonly log: Logger;
}

/** After the clock was set, or became trusted again. `since` is the last instant that was trusted before. */
export interface ClockChange {
  readonly trusted: boolean;
  readonly since: EpochMs | undefined;
}

/** In real time. */
const lookEveryMs = 2_000;
const askEveryMs = { trusted: 600_000, doubted: 10_000 };

export const clockErrors = {
  unset: 'CLOCK_UNSET',
  behind: 'CLOCK_BEHIND',
  ahead: 'CLOCK_AHEAD',
  jumped: 'CLOCK_JUMPED',
} as const satisfies Record<Doubt, string>;

export class TimeWatch implements TrustedTime {
  readonly #parts: WatchParts;
  #onChange: (change: ClockChange) => void = () => {};
  #trust: TimeTrust | undefined;
  #synchronised = false;
  #askedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#look();
  }

  /** @param onChange told after each change, once all that looks at the clock sees it */
  start(onChange: (change: ClockChange) => void): void {
    this.#onChange = onChange;
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  isTrusted(): boolean {
    return this.#look().trusted;
  }

  instantOf({ at, elapsed }: Stamp): EpochMs {
    if (elapsed === undefined) return at;
    const { clock } = this.#parts;
    // That clock tells fractions of a millisecond, too.
    const instant = clock.now() - Math.round(this.#parts.elapsed() - elapsed);
    return Math.abs(instant - at) <= toleranceMs ? at : epochMs(instant);
  }

  #look(): TimeTrust {
    const { clock, elapsed, stored } = this.#parts;
    const now: Moment = { wall: clock.now(), elapsed: elapsed() };
    const before = this.#trust;
    // What was confirmed was the clock as it stood before.
    const isSet = before !== undefined && wasSet(before.last, now);
    if (isSet) this.#synchronised = false;
    const trust = judgeTime(before, { ...now, synchronised: this.#synchronised, stored });
    this.#trust = trust;
    this.#ask(isSet);
    const changed = before?.trusted !== trust.trusted || isSet;
    if (changed) this.#changed(before, trust);
    return trust;
  }

  #ask(isSet: boolean): void {
    const { elapsed, isSynchronised } = this.#parts;
    // While it is trusted an answer changes nothing; once it is set, it is asked for at once.
    const every = this.#trust?.trusted === true ? askEveryMs.trusted : askEveryMs.doubted;
    if (!isSet && this.#askedAt !== undefined && elapsed() - this.#askedAt < every) return;
    const asked = elapsed();
    this.#askedAt = asked;
    isSynchronised()
      .catch(() => false)
      .then((answer) => {
        // The clock was set meanwhile: it has been asked again.
        if (this.#askedAt !== asked || this.#synchronised === answer) return;
        this.#synchronised = answer;
        this.#look();
      })
      .catch((error: unknown) => this.#parts.log.error({ err: error }, 'the clock could not be looked at'));
  }

  #changed(before: TimeTrust | undefined, trust: TimeTrust): void {
    const { troubles } = this.#parts;
    if (trust.trusted) troubles.end('clock', 'the time is trusted again');
    else troubles.begin('clock', new AgentError(clockErrors[trust.doubt], detailsOf(trust, this.#parts.stored)));
    const good = before === undefined || before.trusted ? before?.last : before.good;
    this.#onChange({ trusted: trust.trusted, since: good?.wall ?? this.#parts.stored });
  }
}

export function detailsOf({ last }: TimeTrust, stored: EpochMs | undefined) {
  return { now: iso(last.wall), stored: stored === undefined ? 'nothing' : iso(stored) };
}

/** A clock may stand where no date is. */
function iso(at: EpochMs): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : `${at} ms`;
}
