/**
 * Which homes of a roster can contribute to a round, as far as their catalogues tell. Pure.
 */
import { BrokerError } from '../errors.ts';
import { hint } from '../nearest.ts';
import type { Grid } from '../protocol/fields.ts';
import { gridEnd } from '../protocol/grid.ts';
import type { CatalogueEntry } from '../protocol/messages.ts';
import type { RoundRequest } from '../protocol/operator.ts';
import type { AcceptedRoster } from '../protocol/roster.ts';
import { isEnergy, totalCapacity } from '../protocol/vector.ts';
import { RoundError } from './errors.ts';

/** An approved home and what its catalogue shows. */
export interface ShownHome {
  readonly home: string;
  readonly online: boolean;
  readonly tensors: readonly CatalogueEntry[];
}

export interface Candidate {
  /** In the roster, 1..n. */
  readonly index: number;
  readonly online: boolean;
  /** Largest value in one slot, in the query's unit: all its matching tensors together. */
  readonly capacity: number;
}

interface Place {
  readonly homes: readonly ShownHome[];
  readonly roster: AcceptedRoster;
  readonly grid: Grid;
}

/**
 * @returns in roster order
 * @throws {BrokerError} COHORT_UNKNOWN, TAG_UNKNOWN
 * @throws {RoundError} ROUND_QUANTITY_UNKNOWN
 */
export function candidatesOf(request: RoundRequest, { homes, roster, grid }: Place): readonly Candidate[] {
  if (homes.length === 0) throw new BrokerError('COHORT_UNKNOWN', { cohort: request.cohort, hint: '' });
  assertKnown(request, homes);
  const shown = new Map(homes.map((home) => [home.home, home]));
  return roster.homes.flatMap(({ id, index }) => {
    const home = shown.get(id);
    const tensors = home?.tensors.filter((tensor) => matches(tensor, request) && !beginsAfter(tensor, grid)) ?? [];
    if (home === undefined || tensors.length === 0) return [];
    // A home adds up fewer where one meter is wired behind another, which its catalogue does not tell.
    const capacities = tensors.map((tensor) => tensor.capacity);
    const capacity = totalCapacity(isEnergy(request.quantity), capacities, grid.step);
    return [{ index, online: home.online, capacity }];
  });
}

/** How many approved homes that are not in the roster have what is asked for. */
export function matchesOutside(request: RoundRequest, { homes, roster }: Omit<Place, 'grid'>): number {
  const inside = new Set(roster.homes.map(({ id }) => id));
  return homes.filter(({ home, tensors }) => !inside.has(home) && tensors.some((tensor) => matches(tensor, request)))
    .length;
}

function matches(tensor: CatalogueEntry, request: RoundRequest): boolean {
  return hasTags(tensor, request) && tensor.quantity === request.quantity && tensor.unit === request.unit;
}

function hasTags(tensor: CatalogueEntry, { tags }: RoundRequest): boolean {
  return tags.every((tag) => tensor.tags.includes(tag));
}

/** A tensor whose values all begin after the hours asked for. One that holds nothing yet may still come to hold them. */
function beginsAfter(tensor: CatalogueEntry, grid: Grid): boolean {
  return !tensor.shape.includes(0) && tensor.from >= gridEnd(grid);
}

/** A misspelt word should not pass for a cohort where nobody has such a thing. */
function assertKnown(request: RoundRequest, homes: readonly ShownHome[]): void {
  const { cohort, tags, quantity, unit } = request;
  const tensors = homes.flatMap((home) => home.tensors);
  const known = [...new Set(tensors.flatMap((tensor) => tensor.tags))].sort();
  for (const tag of tags) {
    if (known.includes(tag)) continue;
    const listed = known.slice(0, 20).join(' ') || 'none';
    throw new BrokerError('TAG_UNKNOWN', { cohort, tag, hint: hint(tag, known), known: listed });
  }
  const tagged = tensors.filter((tensor) => hasTags(tensor, request));
  if (tagged.length === 0 || tagged.some((tensor) => matches(tensor, request))) return;
  const quantities = [...new Set(tagged.map((tensor) => `${tensor.quantity} in ${tensor.unit}`))].sort();
  throw new RoundError('ROUND_QUANTITY_UNKNOWN', {
    cohort,
    tags: tags.join(' '),
    quantity,
    unit,
    known: quantities.slice(0, 20).join(', '),
  });
}
