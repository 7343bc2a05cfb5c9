/**
 * The tariff of each cohort: worked out from an opened round, signed, stored, then published; again at every connect.
 */

import { BrokerError } from '../errors.ts';
import type { Link } from '../mqtt/link.ts';
import { after, type Clock, type EpochMs, epochMs } from '../protocol/clock.ts';
import { type OpenedResult, Tariff } from '../protocol/json-messages.ts';
import type { TariffRequest } from '../protocol/operator.ts';
import { signJson } from '../protocol/signed-json.ts';
import type { SigningKey } from '../protocol/signing.ts';
import { topicOf } from '../protocol/topics.ts';
import type { Rounds } from '../rounds/rounds.ts';
import { compileFormula, type SlotFigures } from './formula.ts';
import { priceEvent, roundedCents } from './price-event.ts';
import type { StoredTariff, TariffStore } from './tariff-store.ts';

interface Span {
  readonly from: EpochMs;
  readonly until: EpochMs;
}
type RoundShown = ReturnType<Rounds['show']>;

export interface TariffsParts {
  readonly store: TariffStore;
  readonly key: SigningKey;
  readonly link: Link;
  readonly clock: Clock;
}

export interface TariffSet {
  readonly tariff: Tariff;
  readonly centsPerKwh: number[];
}

export class Tariffs {
  readonly #parts: TariffsParts;
  readonly #endings = new Map<string, () => void>();

  constructor(parts: TariffsParts) {
    this.#parts = parts;
    for (const stored of parts.store.all()) this.#watchEnd(stored);
    parts.link.onConnect(async () => {
      for (const stored of parts.store.all()) await this.#publish(stored);
    });
  }

  /**
   * @param shown the round the request names
   * @param span for how long the prices hold, where the request does not say it
   * @throws {BrokerError} TARIFF_*, FORMULA_*
   */
  async set(request: TariffRequest, shown: RoundShown, span?: Span): Promise<TariffSet> {
    const result = energyResult(request, shown);
    const centsPerKwh = compileFormula(request.formula)(figuresOf(result, request.unit)).map(roundedCents);
    const { store, key, clock } = this.#parts;
    const now = clock.now();
    const { from, until } = span ?? spanOf(request, result, now);
    const cohort = result.cohort;
    // Rises also past a database that was lost: never below the clock.
    const sequence = Math.max(now, (store.of(cohort)?.sequence ?? 0) + 1);
    const { currency } = request;
    const event = priceEvent({
      cohort,
      sequence,
      madeAt: now,
      from,
      stepMs: (until - from) / centsPerKwh.length,
      currency,
      centsPerKwh,
    });
    const signed = signJson(key, { v: 1, type: 'tariff', cohort, sequence, until, event });
    const stored = { cohort, sequence, until, signed };
    // On disk before any home has it: a restart must not give out a sequence twice.
    store.keep(stored);
    this.#watchEnd(stored);
    await this.#publish(stored);
    return { tariff: Tariff.parse(JSON.parse(signed)), centsPerKwh };
  }

  close(): void {
    for (const callOff of this.#endings.values()) callOff();
  }

  /** What is over is cleared. */
  async #publish({ cohort, until, signed }: StoredTariff): Promise<void> {
    const { link, clock } = this.#parts;
    const topic = topicOf(link.prefix, 'tariff', { cohort });
    await link.publish(topic, until > clock.now() ? signed : '', { retain: true });
  }

  #watchEnd({ cohort, until }: StoredTariff): void {
    const { clock, store } = this.#parts;
    this.#endings.get(cohort)?.();
    if (until <= clock.now()) return;
    const callOff = clock.at(epochMs(until), async () => {
      const stored = store.of(cohort);
      if (stored !== undefined) await this.#publish(stored);
    });
    this.#endings.set(cohort, callOff);
  }
}

function energyResult({ round }: TariffRequest, { row, result }: RoundShown): OpenedResult {
  if (result?.state !== 'opened') throw new BrokerError('TARIFF_ROUND_NOT_OPENED', { round, state: row.state });
  const { quantity, unit } = result.query;
  if (unit !== 'Wh') throw new BrokerError('TARIFF_NOT_ENERGY', { round, quantity, unit });
  return result;
}

function figuresOf({ mean, sum, contributors }: OpenedResult, unit: 'Wh' | 'kWh'): SlotFigures[] {
  const scale = unit === 'kWh' ? 1000 : 1;
  return mean.map((value, slot) => ({ mean: value / scale, sum: (sum[slot] ?? 0) / scale, contributors }));
}

/** Without a start: the stretch, as long as the round's, that is running now, in step with the round's own. */
function spanOf({ from: given }: TariffRequest, { grid }: OpenedResult, now: EpochMs): Span {
  const length = grid.step * grid.slots;
  const from = epochMs(given ?? grid.from + Math.floor((now - grid.from) / length) * length);
  const until = after(from, length);
  if (until <= now) throw new BrokerError('TARIFF_OVER', { until: new Date(until).toISOString() });
  return { from, until };
}
