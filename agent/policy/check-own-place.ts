/**
 * What a home looks for in a roster for itself, after every check that all homes make alike.
 */
import { sameBytes } from '../../broker/protocol/hex.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import type { OwnAgreementKey } from '../agreement-keys.ts';
import { RefusedError, refusal } from './refusals.ts';

export interface OwnKeys {
  readonly home: string;
  /** Ed25519 public key. */
  readonly identity: Uint8Array;
  /** Its X25519 key of that sequence and public half; undefined where it is erased, or was never its own. */
  readonly agreement: (sequence: number, publicKey: Uint8Array) => OwnAgreementKey | undefined;
}

/**
 * @returns the home's index, and the key it is named with
 * @throws {RefusedError} ROSTER_TOO_LARGE, ROSTER_WITHOUT_HOME, ROSTER_OTHER_KEY
 */
export function ownPlace(
  roster: AcceptedRoster,
  own: OwnKeys,
  mostHomes: number,
): { readonly index: number; readonly key: OwnAgreementKey } {
  const homes = roster.homes.length;
  if (homes > mostHomes) throw new RefusedError(refusal('ROSTER_TOO_LARGE', { homes, most: mostHomes }));
  const entry = roster.homes.find((home) => home.id === own.home);
  if (entry === undefined) throw new RefusedError(refusal('ROSTER_WITHOUT_HOME'));
  const key = sameBytes(entry.identity, own.identity) ? own.agreement(entry.sequence, entry.agreement) : undefined;
  if (key === undefined) throw new RefusedError(refusal('ROSTER_OTHER_KEY'));
  return { index: entry.index, key };
}
