/**
 * Takes in the agreement keys that homes publish: checked as every member of a roster will check them.
 */
import type { Logger } from 'pino';
import type { Link } from '../mqtt/link.ts';
import type { Clock } from '../protocol/clock.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { sameBytes } from '../protocol/hex.ts';
import { decodeSigned } from '../protocol/message.ts';
import { AgreementKey } from '../protocol/messages.ts';
import { checkRosterEntry, type SeenKey } from '../protocol/roster.ts';
import { WarningLimit } from '../warning-limit.ts';
import type { HomeStore, StoredMessage } from './home-store.ts';

export interface AgreementKeysParts {
  readonly store: HomeStore;
  readonly link: Link;
  /** The authority's public key. */
  readonly authority: Uint8Array;
  readonly clock: Clock;
  readonly log: Logger;
}

/** @returns why the last key of a home is kept out, by home; one that would stop every roster stops only itself */
export function receiveAgreementKeys(parts: AgreementKeysParts): ReadonlyMap<string, string> {
  const keptOut = new Map<string, string>();
  const limit = new WarningLimit({ log: parts.log, isKnown: () => true });
  parts.link.on('agreementKey', ({ home }, payload) => {
    // An empty payload clears what was retained; the key stays known.
    if (payload.length === 0) return;
    try {
      keep(parts, home, payload);
      keptOut.delete(home);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      keptOut.set(home, error.message);
      limit.warn(home, { home, code: error.code, reason: error.reason }, error.message);
    }
  });
  return keptOut;
}

function keep({ store, authority, clock }: AgreementKeysParts, home: string, signed: Uint8Array): void {
  const known = store.home(home);
  if (known === undefined) return;
  const before = store.newest('agreement_keys', home);
  if (before !== undefined && sameBytes(before.signed, signed)) return;
  const { sequence } = checkRosterEntry({ certificate: known.certificate, agreement: signed }, home, {
    authority,
    cohort: known.cohort,
    now: clock.now(),
    seen: new Map(before === undefined ? [] : [[home, seenKey(before)]]),
  });
  store.keep('agreement_keys', home, { sequence, signed });
}

function seenKey({ signed }: StoredMessage): SeenKey {
  const { sequence, key } = AgreementKey.decode(decodeSigned(signed, AgreementKey.type).payload);
  return { sequence, key };
}
