/**
 * Readings on their way to the disk. They wait in memory, for a while, where the disk cannot take them, and where the
 * time cannot be trusted: then each gets its instant once it can.
 */
import type { Logger } from 'pino';
import { after, type Clock } from '../../broker/protocol/clock.ts';
import type { Settings } from '../config-schema.ts';
import type { NewReading, ReadingStore } from '../store/reading-store.ts';
import { isWriteFailure, writeFailure } from '../store/write-failure.ts';
import type { TrustedTime } from '../time/time-watch.ts';
import type { Troubles } from '../troubles.ts';
import type { CounterWatch } from './counter-watch.ts';

export interface Waiting {
  /** Its id in the configuration. */
  readonly device: string;
  readonly reading: NewReading;
  /** Of its sample. */
  readonly elapsed: number | undefined;
}

export interface WaitingParts {
  readonly settings: Pick<Settings, 'dataDir'>;
  readonly readings: Pick<ReadingStore, 'append' | 'beforeReading'>;
  readonly counters: CounterWatch;
  readonly clock: Clock;
  readonly time: TrustedTime;
  readonly troubles: Troubles;
  readonly log: Logger;
}

/** Two hours of twenty devices with two counters each, every ten seconds: some 4 MB. */
const most = 30_000;
/** Stored together: a cycle is less, what has waited for hours is not tried all at once. */
const together = 500;
/** So that few commits carry many readings; a power cut takes no more than that of them. */
const gatherMs = 10_000;

export class WaitingReadings {
  readonly #parts: WaitingParts;
  #waiting: Waiting[] = [];
  #behind = false;
  #callOff: (() => void) | undefined;

  constructor(parts: WaitingParts) {
    this.#parts = parts;
    // Whoever asks for readings gets all that can be stored.
    parts.readings.beforeReading = () => this.store();
  }

  /** To be stored soon. The oldest make room: what a counter gathered meanwhile, its next reading has. */
  add(fresh: readonly Waiting[]): void {
    if (fresh.length === 0) return;
    this.#waiting.push(...fresh);
    if (this.#waiting.length > most) this.#waiting = this.#waiting.slice(-most);
    const { clock } = this.#parts;
    this.#callOff ??= clock.at(after(clock.now(), gatherMs), () => this.store());
  }

  /** What can be stored now, in order. A disk that fails does not end the polling. */
  store(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    const { time, troubles } = this.#parts;
    while (this.#waiting.length > 0 && time.isTrusted()) {
      const next = this.#waiting.slice(0, together);
      try {
        this.#append(next);
      } catch (error) {
        troubles.begin('storing', writeFailure(error, this.#parts.settings.dataDir));
        if (isWriteFailure(error)) return;
        // No disk is at fault, so they would fail for ever, and hold up all that follow.
        this.#waiting.splice(0, next.length);
        continue;
      }
      this.#waiting.splice(0, next.length);
      troubles.end('storing', 'readings are stored again');
    }
  }

  close(): void {
    this.store();
    this.#parts.readings.beforeReading = () => {};
  }

  #append(next: readonly Waiting[]): void {
    const { readings, counters, time, log } = this.#parts;
    try {
      const marked = next.map(({ device, reading, elapsed }) =>
        counters.marked(device, { ...reading, at: time.instantOf({ at: reading.at, elapsed }) }),
      );
      const leftOut = readings.append(marked);
      if (leftOut > 0 && !this.#behind) {
        log.warn('the clock is behind the last readings: none is stored until it caught up');
      }
      this.#behind = leftOut > 0;
    } catch (error) {
      // What was judged is not on disk: the next readings are judged by what is.
      counters.forget();
      throw error;
    }
  }
}
