/**
 * What a home tells of its tensors: everything but their values, and only of those it publishes. Pure.
 */
import type { CatalogueEntry } from '../../broker/protocol/messages.ts';
import type { Tensor } from './tensor.ts';

/** In order of id. */
export function catalogueEntries(tensors: readonly Tensor[]): CatalogueEntry[] {
  return tensors
    .filter((tensor) => tensor.published)
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map((tensor) => ({
      id: tensor.id,
      tags: [...tensor.tags],
      description: tensor.description,
      quantity: tensor.quantity,
      unit: tensor.unit,
      dtype: 'float64',
      shape: [...tensor.shape],
      from: tensor.from,
      until: tensor.until,
      capacity: tensor.capacity,
    }));
}
