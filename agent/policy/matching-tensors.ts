/**
 * Which of a home's tensors a query is about: those that match, of nested devices the outermost, each source once.
 */

import type { Query } from '../../broker/protocol/fields.ts';
import { numberOf } from '../../broker/protocol/vector.ts';
import type { OwnTensor } from './own-tensor.ts';

/** All tags, the quantity and the unit. */
export function matches(tensor: OwnTensor, query: Query): boolean {
  return (
    tensor.quantity === query.quantity &&
    tensor.unit === query.unit &&
    query.tags.every((tag) => tensor.tags.includes(tag))
  );
}

/**
 * The published tensors that make up a home's value. What lies behind another matching meter is in that one's
 * values already, and two tensors of one source have the same values.
 * @returns in order of id, so that a restart adds up in the same order
 */
export function tensorsToAdd(tensors: readonly OwnTensor[], query: Query): readonly OwnTensor[] {
  const matching = tensors.filter((tensor) => tensor.published && matches(tensor, query));
  const devices = new Set(matching.map((tensor) => tensor.device));
  const outermost = matching.filter((tensor) => !tensor.ancestors.some((ancestor) => devices.has(ancestor)));
  const bySource = new Map<string, OwnTensor>();
  for (const tensor of outermost.toSorted((one, other) => (one.id < other.id ? -1 : 1))) {
    // They are of one quantity, so that families need not be compared.
    const source = tensor.source.device;
    const other = bySource.get(source);
    // The larger capacity clips nothing that the smaller would let pass.
    if (other === undefined || numberOf(tensor.capacity) > numberOf(other.capacity)) bySource.set(source, tensor);
  }
  return [...bySource.values()];
}
