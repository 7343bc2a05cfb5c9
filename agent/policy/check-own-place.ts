/**
 * What a home looks for in a roster for itself, after every check that all homes make alike.
 */
import { sameBytes } from '../../broker/protocol/hex.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import { RefusedError, refusal } from './refusals.ts';

export interface OwnKeys {
  readonly home: string;
  /** Ed25519 public key. */
  readonly identity: Uint8Array;
  /** X25519 public key, with its sequence. */
  readonly agreement: Uint8Array;
  readonly sequence: number;
}

/**
 * @returns the home's index
 * @throws {RefusedError} ROSTER_TOO_LARGE, ROSTER_WITHOUT_HOME, ROSTER_OTHER_KEY
 */
export function ownPlace(roster: AcceptedRoster, own: OwnKeys, mostHomes: number): number {
  const homes = roster.homes.length;
  if (homes > mostHomes) throw new RefusedError(refusal('ROSTER_TOO_LARGE', { homes, most: mostHomes }));
  const entry = roster.homes.find((home) => home.id === own.home);
  if (entry === undefined) throw new RefusedError(refusal('ROSTER_WITHOUT_HOME'));
  const same =
    sameBytes(entry.identity, own.identity) &&
    sameBytes(entry.agreement, own.agreement) &&
    entry.sequence === own.sequence;
  if (!same) throw new RefusedError(refusal('ROSTER_OTHER_KEY'));
  return entry.index;
}
