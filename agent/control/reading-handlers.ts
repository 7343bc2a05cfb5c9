/**
 * The commands that only read: from the database, and from the polling where one runs.
 */
import { type Clock, epochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import { slotEdges } from '../../broker/protocol/grid.ts';
import { numberOf } from '../../broker/protocol/vector.ts';
import type { Settings } from '../config-schema.ts';
import { readLedger, readShownTariff } from '../home-reading.ts';
import type { DeviceState } from '../polling/device-poll.ts';
import type { Database } from '../store/database.ts';
import type { KnownDevice } from '../store/device-store.ts';
import type { ReadingStore } from '../store/reading-store.ts';
import type { HomeTensors } from '../store/tensor-store.ts';
import type { Tensor } from '../tensors/tensor.ts';
import type { MeterRow, ReadingHandlers, TensorRow } from './commands.ts';

export interface ReadingParts {
  readonly settings: Pick<Settings, 'buses' | 'devices'>;
  readonly database: Database;
  readonly devices: ReadonlyMap<string, KnownDevice>;
  readonly readings: ReadingStore;
  readonly tensors: HomeTensors;
  readonly clock: Clock;
  /** None where no agent runs. */
  readonly states?: () => readonly DeviceState[];
}

export function readingHandlers(parts: ReadingParts): ReadingHandlers {
  const { tensors, database, clock } = parts;
  return {
    'meters read': () => ({ now: clock.now(), live: parts.states !== undefined, devices: meterRows(parts) }),
    'tensors list': () => tensors.list().map(tensorRow),
    'tensors show': ({ id, grid }) => {
      const tensor = tensors.get(id);
      const asked = grid ?? tensors.ownGrid(id) ?? lastDay(clock);
      const { values, coverage } = tensors.slots(tensor, asked);
      const edges = slotEdges(asked);
      const slots = coverage.map((covered, slot) => ({
        from: edges[slot] ?? epochMs(0),
        until: edges[slot + 1] ?? epochMs(0),
        ...(covered === 'covered' ? { value: values[slot] ?? 0 } : { uncovered: covered }),
      }));
      return { tensor: tensorRow(tensor), slots };
    },
    ledger: () => readLedger(database),
    'tariff show': () => readShownTariff(database, clock.now()) ?? null,
  };
}

export function tensorRow(tensor: Tensor): TensorRow {
  const { id, tags, description, quantity, unit, capacity, device, published, consentFrom } = tensor;
  return {
    ...{ id, tags, description, quantity, unit, published },
    capacity: numberOf(capacity),
    ...(device !== undefined && { device }),
    ...(published && { consentFrom }),
    shape: tensor.shape,
    from: tensor.from,
    until: tensor.until,
  };
}

function meterRows({ settings, devices, readings, states }: ReadingParts): MeterRow[] {
  const live = new Map(states?.().map((state) => [state.id, state]));
  return settings.devices.map(({ id, profile, bus, address, pollEvery }) => {
    const port = settings.buses.find((one) => one.id === bus)?.port ?? '';
    const row = { id, profile, port, address, pollEveryMs: pollEvery };
    const { last, failure } = live.get(id) ?? {};
    if (last !== undefined) return { ...row, ...last, ...(failure && { failure }) };
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

const hourMs = 3_600_000;

/** The last 24 whole hours. */
function lastDay(clock: Clock): Grid {
  const until = Math.floor(clock.now() / hourMs) * hourMs;
  return { from: Math.max(0, until - 24 * hourMs), step: hourMs, slots: 24 };
}
