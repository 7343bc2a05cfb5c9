/**
 * The commands that only look at tensors.
 */
import { type Clock, epochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import { slotEdges } from '../../broker/protocol/grid.ts';
import { numberOf } from '../../broker/protocol/vector.ts';
import type { Settings } from '../config-schema.ts';
import { AgentError } from '../errors.ts';
import type { HomeTensors } from '../store/tensor-store.ts';
import { deviceTree } from '../tensors/device-tree.ts';
import type { Tensor } from '../tensors/tensor.ts';
import type { ReadingHandlers, TensorRow, TensorSlot } from './commands.ts';

export interface TensorReadingParts {
  readonly settings: Pick<Settings, 'devices' | 'tensors'>;
  readonly tensors: HomeTensors;
  readonly clock: Clock;
}

export function tensorReadingHandlers({ settings, tensors, clock }: TensorReadingParts) {
  return {
    'tensors list': ({ tags = [] }) =>
      tensors
        .list()
        .filter((tensor) => tags.every((tag) => tensor.tags.includes(tag)))
        .map(tensorRow),
    'tensors show': ({ id, grids }) => {
      const tensor = tensors.get(id);
      const asked = grids ?? tensors.ownGrids(id) ?? [lastDay(clock, hourMs)];
      const slots = asked.flatMap((grid) => slotsOf(tensors, tensor, grid));
      return { tensor: tensorRow(tensor), dtype: 'float64', shape: [slots.length], slots };
    },
    'tensors tree': ({ from, until }) => {
      const grid = spanned(from, until) ?? lastDay(clock, 24 * hourMs);
      const measured = (device: string) => tensors.ofDevice(device, 'energyImport', grid);
      return {
        from: epochMs(grid.from),
        until: epochMs(grid.from + grid.step),
        unit: 'Wh',
        devices: deviceTree(settings, measured),
      };
    },
  } satisfies Partial<ReadingHandlers>;
}

function slotsOf(tensors: HomeTensors, tensor: Tensor, grid: Grid): TensorSlot[] {
  const { values, coverage } = tensors.slots(tensor, grid);
  const edges = slotEdges(grid);
  return coverage.map((covered, slot) => ({
    from: edges[slot] ?? epochMs(0),
    until: edges[slot + 1] ?? epochMs(0),
    ...(covered === 'covered' ? { value: values[slot] ?? 0 } : { uncovered: covered }),
  }));
}

export function tensorRow(tensor: Tensor): TensorRow {
  const { id, tags, description, quantity, unit, derived, capacity, device, published, consentFrom } = tensor;
  return {
    ...{ id, tags, description, quantity, unit, derived, published },
    capacity: numberOf(capacity),
    ...(device !== undefined && { device }),
    ...(published && { consentFrom }),
    shape: tensor.shape,
    from: tensor.from,
    until: tensor.until,
  };
}

const hourMs = 3_600_000;

/** Up to the last whole hour. */
function lastDay(clock: Clock, step: number): Grid {
  const slots = (24 * hourMs) / step;
  const until = Math.floor(clock.now() / hourMs) * hourMs;
  return { from: Math.max(0, until - slots * step), step, slots };
}

function spanned(from: number | undefined, until: number | undefined): Grid | undefined {
  if (from === undefined && until === undefined) return undefined;
  if (from !== undefined && until !== undefined && from < until) return { from, step: until - from, slots: 1 };
  throw new AgentError('FIELD_MALFORMED', { field: 'from', why: 'give --from, and --until after it' });
}
