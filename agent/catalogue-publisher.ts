/**
 * Publishes the home's catalogue: signed, its sequence rising and on disk before it is sent.
 * A change of what the tensors are goes out at once; that they hold more readings, at most hourly.
 */
import { after, type Clock } from '../broker/protocol/clock.ts';
import { Catalogue, type CatalogueEntry } from '../broker/protocol/messages.ts';
import { type SigningKey, signMessage } from '../broker/protocol/signing.ts';
import type { HomeStore, PublishedCatalogue } from './store/home-store.ts';
import { assertCatalogueFits } from './tensors/catalogue.ts';

export interface CatalogueParts {
  readonly home: string;
  readonly identity: SigningKey;
  readonly store: HomeStore;
  readonly clock: Clock;
  readonly entries: () => readonly CatalogueEntry[];
  readonly publish: (signed: Uint8Array) => Promise<void>;
}

const leastBetweenMs = 60 * 60_000;

export class CataloguePublisher {
  readonly #parts: CatalogueParts;
  #stop: (() => void) | undefined;

  constructor(parts: CatalogueParts) {
    this.#parts = parts;
  }

  /** After a connect: the broker may have lost it. */
  async connected(): Promise<void> {
    const standing = this.#renew() ?? this.#parts.store.catalogue();
    if (standing !== undefined) await this.#parts.publish(standing.signed);
  }

  /** Whatever has changed: sent only if the coordinator would see another catalogue. */
  async changed(): Promise<void> {
    const renewed = this.#renew();
    if (renewed !== undefined) await this.#parts.publish(renewed.signed);
  }

  /** Looks every hour for what has grown. */
  start(): void {
    const { clock } = this.#parts;
    this.#stop = clock.at(after(clock.now(), leastBetweenMs), async () => {
      this.start();
      await this.changed();
    });
  }

  close(): void {
    this.#stop?.();
  }

  /** @returns the new catalogue, on disk; undefined where the last one stands */
  #renew(): PublishedCatalogue | undefined {
    const { store, clock, home, identity } = this.#parts;
    const tensors = [...this.#parts.entries()];
    const entries = JSON.stringify(tensors);
    const last = store.catalogue();
    const now = clock.now();
    if (last !== undefined) {
      if (last.entries === entries) return undefined;
      if (now < after(last.publishedAt, leastBetweenMs) && sameTensors(last.entries, tensors)) return undefined;
    }
    // The broker cuts off whoever sends more, at each connect.
    assertCatalogueFits(tensors);
    const sequence = store.nextCatalogueSequence(now);
    const signed = signMessage(identity, Catalogue, { home, sequence, tensors });
    const renewed = { sequence, entries, signed, publishedAt: now };
    store.keepCatalogue(
      renewed,
      tensors.map(({ id }) => id),
    );
    return renewed;
  }
}

/** Whether nothing but the amount of data is another. */
function sameTensors(before: string, tensors: readonly CatalogueEntry[]): boolean {
  const metadata = (entries: readonly CatalogueEntry[]) =>
    JSON.stringify(entries.map((entry) => ({ ...entry, shape: [], from: 0, until: 0 })));
  return metadata(JSON.parse(before)) === metadata(tensors);
}
