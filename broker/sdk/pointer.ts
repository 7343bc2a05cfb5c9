/**
 * A tensor in some home, seen from outside: what it is, never what it holds.
 */
import type { CatalogueEntry } from '../protocol/messages.ts';
import type { OperatorLink } from './operator-link.ts';

export class Pointer {
  readonly home: string;
  readonly cohort: string;
  readonly id: string;
  readonly tags: readonly string[];
  readonly description: string;
  readonly quantity: string;
  readonly unit: string;
  /** Readings or slots the home holds. */
  readonly shape: readonly number[];
  readonly #link: OperatorLink;

  constructor(link: OperatorLink, place: { readonly home: string; readonly cohort: string }, entry: CatalogueEntry) {
    this.#link = link;
    this.home = place.home;
    this.cohort = place.cohort;
    this.id = entry.id;
    this.tags = entry.tags;
    this.description = entry.description;
    this.quantity = entry.quantity;
    this.unit = entry.unit;
    this.shape = entry.shape;
  }

  /**
   * Asks for the values, and is refused: they do not leave the home.
   * @throws {Refusal} VALUES_STAY_HOME, with what to do instead
   */
  async get(): Promise<never> {
    return await this.#link.request({ type: 'values', home: this.home, tensor: this.id });
  }
}
