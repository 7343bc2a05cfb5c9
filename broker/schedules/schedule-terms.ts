/**
 * Whether a schedule can be kept at all, before it is stored. Pure.
 */
import { BrokerError } from '../errors.ts';
import { hint } from '../nearest.ts';
import { isTimeZone } from '../protocol/local-time.ts';
import type { ScheduleTerms } from '../protocol/schedule.ts';
import { compileFormula } from '../tariff/formula.ts';

/** @throws {BrokerError} SCHEDULE_ZONE_UNKNOWN, SCHEDULE_SPREAD_TOO_LONG, SCHEDULE_NOT_ENERGY, FORMULA_* */
export function assertTerms({ zone, timesPerDay, spread, tariff, quantity, unit }: ScheduleTerms): void {
  if (!isTimeZone(zone)) {
    throw new BrokerError('SCHEDULE_ZONE_UNKNOWN', { zone, hint: hint(zone, Intl.supportedValuesOf('timeZone')) });
  }
  const slotMinutes = 1440 / timesPerDay;
  if (spread > slotMinutes * 60_000) {
    throw new BrokerError('SCHEDULE_SPREAD_TOO_LONG', { spread: Math.ceil(spread / 60_000), slot: slotMinutes });
  }
  if (tariff === undefined) return;
  if (unit !== 'Wh') throw new BrokerError('SCHEDULE_NOT_ENERGY', { quantity, unit });
  compileFormula(tariff.formula);
}
