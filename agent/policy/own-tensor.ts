/**
 * What the policy has to know of a tensor: everything but its values.
 */
import type { Scaled } from '../../broker/protocol/fields.ts';

export interface OwnTensor {
  readonly id: string;
  readonly tags: readonly string[];
  readonly quantity: string;
  readonly unit: string;
  readonly capacity: Scaled;
  /** What the values physically are: spent by this, whatever the tensor is called. */
  readonly source: { readonly device: string; readonly families: readonly string[] };
  /** The device as configured; none for values entered by hand. */
  readonly device: string | undefined;
  /** The devices it is wired behind, nearest first. */
  readonly ancestors: readonly string[];
  readonly published: boolean;
  /** Whether a catalogue that named it has ever left the house. */
  readonly shown: boolean;
  /** From when on its values may be used. */
  readonly consentFrom: number;
}
