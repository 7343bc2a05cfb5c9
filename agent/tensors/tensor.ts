/**
 * What a tensor is to the rest of the agent: a named, tagged view on a device's readings or on values
 * entered by hand.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Grid, Scaled } from '../../broker/protocol/fields.ts';
import type { Quantity, quantities } from '../../hardware/quantity.ts';
import type { Family } from './families.ts';

/** What a tensor's values physically are. A cell is a source and an interval, released at most once. */
export interface Source {
  /** Stands for one device, or for one tensor entered by hand, for ever: whatever is renamed or removed. */
  readonly device: string;
  readonly families: readonly Family[];
}

export interface Tensor {
  readonly id: string;
  readonly tags: readonly string[];
  readonly description: string;
  readonly quantity: string;
  readonly unit: string;
  /** An energy that its device does not count: worked out from its power. */
  readonly derived: boolean;
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

/**
 * Why a slot has no value: readings are missing; the clock was not to be trusted; the counter began anew; it is not over
 * yet; it is kept, but no longer as finely as this slot is cut.
 */
export type Uncovered = 'gap' | 'clock' | 'reset' | 'not over' | 'condensed';
export type Coverage = 'covered' | Uncovered;

/** What a quantity is measured in. */
export type UnitOf<Q extends string> = Q extends Quantity ? (typeof quantities)[Q]['unit'] : string;

/** What slots are asked of. */
export interface TensorName<Q extends string = string> {
  readonly id: string;
  readonly quantity: Q;
}

/** A grid whose number of slots may be known to the compiler. */
export type SizedGrid<Count extends number = number> = Grid & { readonly slots: Count };

/** A tensor cut to a grid: one value per slot. A slot that is not covered has no value: its 0 means nothing. */
export interface Slots<Unit extends string = string, Count extends number = number> {
  readonly dtype: 'float64';
  readonly shape: readonly [slots: Count];
  readonly unit: Unit;
  /** Worked out from power, not counted. */
  readonly derived: boolean;
  readonly values: Float64Array;
  /** By slot. */
  readonly coverage: readonly Coverage[];
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
  /** How many steps each slot is long; left out: one. */
  readonly steps?: readonly number[] | undefined;
}

export interface TensorStore {
  list(): readonly Tensor[];
  /** The devices behind which `device` is wired, nearest first, by their ids in the configuration. */
  ancestorsOf(device: string): readonly string[];
  /** @throws {AgentError} TENSOR_UNKNOWN */
  slots<Q extends string, Count extends number>(tensor: TensorName<Q>, grid: SizedGrid<Count>): Slots<UnitOf<Q>, Count>;
  /** Called after each change of what the home has or publishes. */
  onChange(listener: () => void): void;
}
