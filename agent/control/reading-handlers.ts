/**
 * The commands that only read: from the database, and from the polling where one runs.
 */
import { type Clock, epochMs } from '../../broker/protocol/clock.ts';
import type { Settings } from '../config-schema.ts';
import { readLedger, readLedgerCheck, readShownTariff } from '../home-reading.ts';
import type { DeviceState } from '../polling/device-poll.ts';
import type { Database } from '../store/database.ts';
import type { KnownDevice } from '../store/device-store.ts';
import type { ReadingStore } from '../store/reading-store.ts';
import type { HomeTensors } from '../store/tensor-store.ts';
import type { MeterRow, ReadingHandlers } from './commands.ts';
import { dataReadingHandlers } from './data-handlers.ts';
import { tensorReadingHandlers } from './tensor-reading-handlers.ts';

export interface ReadingParts {
  readonly settings: Pick<Settings, 'buses' | 'devices' | 'tensors'>;
  readonly database: Database;
  readonly devices: ReadonlyMap<string, KnownDevice>;
  readonly readings: ReadingStore;
  readonly tensors: HomeTensors;
  readonly clock: Clock;
  /** None where no agent runs. */
  readonly states?: () => readonly DeviceState[];
}

export function readingHandlers(parts: ReadingParts): ReadingHandlers {
  const { database, clock } = parts;
  return {
    'meters read': () => ({ now: clock.now(), live: parts.states !== undefined, devices: meterRows(parts) }),
    ...tensorReadingHandlers(parts),
    ...dataReadingHandlers(parts),
    ledger: () => readLedger(database),
    'ledger verify': () => readLedgerCheck(database),
    'tariff show': () => readShownTariff(database, clock.now()) ?? null,
  };
}

function meterRows({ settings, devices, readings, states }: ReadingParts): MeterRow[] {
  const live = new Map(states?.().map((state) => [state.id, state]));
  return settings.devices.map(({ id, profile, bus, address, pollEvery }) => {
    const port = settings.buses.find((one) => one.id === bus)?.port ?? '';
    const row = { id, profile, port, address, pollEveryMs: pollEvery };
    const { last, failure, remarks } = live.get(id) ?? {};
    if (last !== undefined) {
      const { at, measured } = last;
      return { ...row, at, measured, ...(failure && { failure }), ...(remarks && { remarks }) };
    }
    const known = devices.get(id);
    const stored = known === undefined ? [] : readings.last(known.number);
    return {
      ...row,
      ...(stored.length > 0 && { at: epochMs(Math.max(...stored.map(({ at }) => at))) }),
      measured: stored.map(({ quantity, unit, value }) => ({ quantity, unit, value })),
      ...(failure && { failure }),
    };
  });
}
