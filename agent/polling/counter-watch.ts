/**
 * Marks what counters say, from what is stored of them on, and says once what is wrong with one: without values.
 */
import type { Logger } from 'pino';
import { type Quantity, quantities } from '../../hardware/quantity.ts';
import type { Settings } from '../config-schema.ts';
import { AgentError } from '../errors.ts';
import type { NewReading, ReadingStore } from '../store/reading-store.ts';
import { type CounterEvent, type CounterLimits, type CounterState, judgeCounter } from './counter.ts';

/** Of a device by its id, and one of its counters. */
export type LimitsOf = (device: string, quantity: Quantity) => CounterLimits;

/** Three phases of the largest meters that are connected without transformers: 3 x 230 V x 100 A. */
const mostWatts = 69_000;

/**
 * A device's own rating, else what any meter carries. Not the capacity of its tensors: the utility knows that one, and
 * what is doubted here is missing from the next sum, so a home that stays out would tell that it was exceeded.
 */
export function limitsBy(
  { devices }: Pick<Settings, 'devices'>,
  modulusOf: (device: string, quantity: Quantity) => number | undefined = () => undefined,
): LimitsOf {
  return (device, quantity) => {
    const perHour = devices.find(({ id }) => id === device)?.rating ?? mostWatts;
    return { perHour, modulus: modulusOf(device, quantity) };
  };
}

export class CounterWatch {
  readonly #readings: ReadingStore;
  readonly #limitsOf: LimitsOf;
  readonly #log: Logger;
  readonly #states = new Map<string, CounterState>();
  readonly #said = new Set<string>();

  constructor({ readings, limitsOf, log }: { readings: ReadingStore; limitsOf: LimitsOf; log: Logger }) {
    this.#readings = readings;
    this.#limitsOf = limitsOf;
    this.#log = log;
  }

  /** @param device its id in the configuration */
  marked(device: string, reading: NewReading): NewReading {
    const { quantity } = reading;
    if (quantities[quantity].kind !== 'counter') return reading;
    const key = `${reading.device} ${quantity}`;
    const limits = this.#limitsOf(device, quantity);
    const before = this.#states.get(key) ?? this.#restored(reading, limits);
    const { state, mark, value, event } = judgeCounter(before, reading, limits);
    this.#states.set(key, state);
    if (event !== undefined) this.#say(device, quantity, event);
    return { ...reading, mark, value };
  }

  /** What was marked is not stored: from now on only what is. */
  forget(): void {
    this.#states.clear();
  }

  #restored({ device, quantity }: NewReading, limits: CounterLimits): CounterState {
    const { last, doubtful } = this.#readings.standOf(device, quantity);
    let state = last;
    for (const reading of doubtful) {
      const judged = judgeCounter(state, reading, limits);
      // Judged by other limits than now: what it would be now is not what is stored.
      if (judged.mark !== 'doubtful') return last;
      state = judged.state;
    }
    return state;
  }

  /** A counter that lies every hour is not worth a line every hour; one that begins anew is, each time. */
  #say(device: string, quantity: Quantity, event: CounterEvent): void {
    const log = this.#log.child({ device, quantity });
    if (event === 'right-again') return;
    if (event === 'went-round') {
      log.info(`${quantity} of ${device} has gone round, and is counted on`);
      return;
    }
    const once = `${device} ${quantity} ${event}`;
    if (event !== 'anew' && this.#said.has(once)) return;
    this.#said.add(once);
    const codes = { fell: 'COUNTER_FELL', leapt: 'COUNTER_LEAPT', anew: 'COUNTER_ANEW' } as const;
    const { code, message, remedy } = new AgentError(codes[event], { device, quantity });
    log.warn({ code }, `${message}. What to do: ${remedy}`);
  }
}
