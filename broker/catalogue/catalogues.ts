/**
 * The catalogues that homes publish: verified, kept, searched. Metadata only; no value ever comes here.
 */
import type { Logger } from 'pino';
import type { HomeStore } from '../enrolment/home-store.ts';
import type { Homes } from '../enrolment/homes.ts';
import type { Link } from '../mqtt/link.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { sameBytes } from '../protocol/hex.ts';
import { decodeSigned } from '../protocol/message.ts';
import { Catalogue } from '../protocol/messages.ts';
import type { HomePointers } from '../protocol/operator.ts';
import { openSigned } from '../protocol/signing.ts';
import { WarningLimit } from '../warning-limit.ts';

export interface CataloguesParts {
  readonly store: HomeStore;
  readonly homes: Homes;
  readonly link: Link;
  readonly log: Logger;
}

export interface Found {
  /** Homes with a match. */
  readonly matched: number;
  /** Those of them that are not connected now. */
  readonly offline: number;
  /** Every approved home that was searched. */
  readonly homes: HomePointers[];
}

export class Catalogues {
  readonly #parts: CataloguesParts;
  readonly #limit: WarningLimit;

  constructor(parts: CataloguesParts) {
    this.#parts = parts;
    this.#limit = new WarningLimit({ log: parts.log, isKnown: () => true });
    parts.link.on('catalogue', ({ home }, payload) => this.#received(home, payload));
  }

  /** Tensors that have all the tags. */
  search(tags: readonly string[], cohort?: string): Found {
    const homes = this.#parts.homes.approved(cohort).map(({ home, cohort: itsCohort, online, catalogue }) => ({
      home,
      cohort: itsCohort,
      online,
      tensors: tensorsOf(catalogue).filter((tensor) => tags.every((tag) => tensor.tags.includes(tag))),
    }));
    const matching = homes.filter(({ tensors }) => tensors.length > 0);
    return { matched: matching.length, offline: matching.filter(({ online }) => !online).length, homes };
  }

  /** Every tag in a cohort's catalogues, sorted. */
  tags(cohort: string): string[] {
    const all = this.#parts.homes.approved(cohort).flatMap(({ catalogue }) => tensorsOf(catalogue));
    return [...new Set(all.flatMap(({ tags }) => tags))].sort();
  }

  #received(home: string, payload: Uint8Array): void {
    // An empty payload clears what was retained, nothing else.
    if (payload.length === 0) return;
    try {
      this.#keep(home, payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#limit.warn(home, { home, code: error.code, reason: error.reason }, error.message);
    }
  }

  #keep(home: string, signed: Uint8Array): void {
    const { store } = this.#parts;
    const known = store.home(home);
    if (known === undefined) return;
    const before = store.newest('catalogues', home);
    if (before !== undefined && sameBytes(before.signed, signed)) return;
    const { fields } = openSigned(Catalogue, known.identity, signed, home);
    const isOlder = before !== undefined && fields.sequence <= before.sequence;
    if (fields.home === home && !isOlder) {
      store.keep('catalogues', home, { sequence: fields.sequence, signed });
    } else {
      const what = isOlder ? 'a catalogue that is not newer' : 'a catalogue that names another home';
      this.#limit.warn(home, { home, sequence: fields.sequence, known: before?.sequence }, what);
    }
  }
}

/** @param signed as kept, verified when it came */
function tensorsOf(signed: Uint8Array | undefined): Catalogue['tensors'] {
  return signed === undefined ? [] : Catalogue.decode(decodeSigned(signed, Catalogue.type).payload).tensors;
}
