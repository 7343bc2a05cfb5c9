/**
 * What a tensor is to the rest of the agent: a named, tagged view on a device's readings or on values
 * entered by hand.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Grid, Scaled } from '../../broker/protocol/fields.ts';
import type { Quantity } from '../../hardware/quantity.ts';
import type { Family } from './families.ts';

/** What a tensor's values physically are. A cell is a source and an interval, released at most once. */
export interface Source {
  /** Stands for one device, or for one tensor entered by hand, for ever: whatever is renamed or removed. */
  readonly device: string;
  readonly family: Family;
}

export interface Tensor {
  readonly id: string;
  readonly tags: readonly string[];
  readonly description: string;
  readonly quantity: string;
  readonly unit: string;
  /** Largest possible change per hour for energies, largest value otherwise, in the unit. */
  readonly capacity: Scaled;
  readonly source: Source;
  /** The device's id in the configuration; none for values entered by hand. */
  readonly device?: string;
  readonly published: boolean;
  /** From when on the data may be released; beyond any date where the tensor is not published. */
  readonly consentFrom: EpochMs;
  /** Readings or slots held now, as far as consent reaches back. */
  readonly shape: readonly number[];
  readonly from: EpochMs;
  readonly until: EpochMs;
}

/** Values per slot of a grid. A slot that is not covered has no value: its 0 means nothing. */
export interface Slots {
  readonly values: Float64Array;
  readonly covered: readonly boolean[];
}

/** A tensor entered by hand, ready to be stored. */
export interface NewTensor {
  readonly id: string;
  readonly tags: readonly string[];
  readonly description: string;
  readonly quantity: Quantity;
  readonly unit: string;
  readonly capacity: Scaled;
  readonly from: EpochMs;
  readonly stepMs: number;
  /** One per slot, in the unit. */
  readonly values: readonly number[];
}

export interface TensorStore {
  list(): readonly Tensor[];
  /** The devices behind which `device` is wired, nearest first, by their ids in the configuration. */
  ancestorsOf(device: string): readonly string[];
  /** @throws {AgentError} TENSOR_UNKNOWN */
  slots(id: string, grid: Grid): Slots;
  /** Called after each change of what the home has or publishes. */
  onChange(listener: () => void): void;
}
