/**
 * A tensor as the rest of the agent sees it, made of what is configured, stored and agreed to.
 */
import { after, type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import { scaledOf } from '../../broker/protocol/vector.ts';
import { type Quantity, quantities } from '../../hardware/quantity.ts';
import type { DeviceSettings, TensorSettings } from '../config-schema.ts';
import { families } from '../tensors/families.ts';
import type { Source, Tensor } from '../tensors/tensor.ts';
import type { KnownDevice } from './device-store.ts';
import type { EnteredTensor } from './entered-store.ts';
import type { Publication } from './publication-store.ts';
import type { Extent, ReadingStore } from './reading-store.ts';

/** One reading may be missed, and none is quite on time. */
const pollsPerGap = 2.5;

/** The longest pause between two readings of a device over which something may be interpolated. */
export function longestGapOf(device: DeviceSettings): number {
  return device.longestGap ?? pollsPerGap * device.pollEvery;
}

/** A device that counts no energy but says its power has its energy from that. @param device number of its row */
export function isDerived(quantity: Quantity, device: number, readings: ReadingStore): boolean {
  return quantity === 'energyImport' && !readings.has(device, quantity) && readings.has(device, 'power');
}

/** The source of a device that no agent has ever had in its configuration: of no cell and no consent. */
export const unknownDevice = '';

/** @param known undefined where no agent has run with the device */
export function tensorOfDevice(
  settings: TensorSettings,
  known: KnownDevice | undefined,
  readings: ReadingStore,
  publication: Publication | undefined,
): Tensor {
  const { id, device, quantity, tags, description } = settings;
  const source = { device: known?.source ?? unknownDevice, families: families[quantity] };
  const consentFrom = consentOf(publication, source, quantity);
  const since = consentFrom ?? epochMs(0);
  const derived = () => known !== undefined && isDerived(quantity, known.number, readings);
  const series = () => (derived() ? 'power' : quantity);
  // Counting takes a while where there are millions, and most who list tensors do not ask for it.
  let counted: Extent | undefined;
  const extent = () => {
    counted ??= known === undefined ? undefined : readings.extent(known.number, series(), since);
    return counted ?? { readings: 0, from: since, until: since };
  };
  return {
    ...{ id, tags, description, quantity, source, device },
    unit: quantities[quantity].unit,
    capacity: scaledOf(settings.capacity),
    ...consent(consentFrom),
    get derived() {
      return derived();
    },
    get shape() {
      return [extent().readings];
    },
    get from() {
      return extent().from;
    },
    get until() {
      return extent().until;
    },
  };
}

export function tensorEntered(entered: EnteredTensor, publication: Publication | undefined): Tensor {
  const { id, tags, description, quantity, unit, capacity, stepMs, slots, grids } = entered;
  const source = { device: `entered ${id}`, families: families[quantity] };
  const consentFrom = consentOf(publication, source, quantity);
  // Slots that consent does not reach are not told of.
  const shown = grids.map((grid) => {
    const before = Math.ceil(((consentFrom ?? grid.from) - grid.from) / grid.step);
    const hidden = Math.min(Math.max(before, 0), grid.slots);
    return { from: grid.from + hidden * grid.step, slots: grid.slots - hidden };
  });
  const until = after(entered.from, slots * stepMs);
  return {
    ...{ id, tags, description, quantity, unit, capacity, source },
    ...consent(consentFrom),
    derived: false,
    shape: [shown.reduce((sum, grid) => sum + grid.slots, 0)],
    from: epochMs(shown.find((grid) => grid.slots > 0)?.from ?? until),
    until,
  };
}

/** No date is beyond it. */
const never = epochMs(Number.MAX_SAFE_INTEGER);

function consent(from: EpochMs | undefined): Pick<Tensor, 'published' | 'consentFrom'> {
  return { published: from !== undefined, consentFrom: from ?? never };
}

/** Undefined where there is none, or one to something else that had this name. */
function consentOf(publication: Publication | undefined, source: Source, quantity: string): EpochMs | undefined {
  if (publication?.source !== source.device || publication.quantity !== quantity) return undefined;
  return publication.consentFrom;
}
