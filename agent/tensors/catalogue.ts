/**
 * What a home tells of its tensors: everything but their values, and only of those it publishes. Pure.
 */
import { mostTensors } from '../../broker/protocol/fields.ts';
import { Catalogue, type CatalogueEntry } from '../../broker/protocol/messages.ts';
import { longestFromHome, signedFrame } from '../../broker/protocol/sizes.ts';
import { AgentError } from '../errors.ts';
import type { Tensor } from './tensor.ts';

/** In order of id. */
export function catalogueEntries(tensors: readonly Tensor[]): CatalogueEntry[] {
  return tensors
    .filter((tensor) => tensor.published)
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map((tensor) => ({ ...named(tensor), shape: [...tensor.shape], from: tensor.from, until: tensor.until }));
}

/**
 * However much data they come to hold.
 * @param tensors those that are to be published
 * @throws {AgentError} CATALOGUE_FULL, CATALOGUE_TOO_LARGE
 */
export function assertCatalogueFits(tensors: readonly Named[]): void {
  if (tensors.length > mostTensors) {
    throw new AgentError('CATALOGUE_FULL', { tensors: tensors.length, most: mostTensors });
  }
  const large = tensors.map((tensor) => ({ ...named(tensor), shape: [most], from: most, until: most }));
  const payload = Catalogue.encode({ home: 'h'.repeat(63), sequence: most, tensors: large });
  const bytes = payload.length + signedFrame;
  if (bytes > longestFromHome) throw new AgentError('CATALOGUE_TOO_LARGE', { bytes, longest: longestFromHome });
}

/** All of a tensor that does not depend on its data. */
type Named = Pick<Tensor, 'id' | 'tags' | 'description' | 'quantity' | 'unit' | 'capacity'>;

const most = Number.MAX_SAFE_INTEGER;

function named({ id, tags, description, quantity, unit, capacity }: Named) {
  return { id, tags: [...tags], description, quantity, unit, dtype: 'float64' as const, capacity };
}
