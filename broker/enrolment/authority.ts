/**
 * The enrolment authority: signs which key is which home's, and which homes belong to a cohort. Knows nothing
 * of rounds; holds the only copy of its private key.
 */
import { webcrypto } from 'node:crypto';
import { BrokerError } from '../errors.ts';
import { sameBytes } from '../protocol/hex.ts';
import { decodeSigned } from '../protocol/message.ts';
import { MemberList } from '../protocol/messages.ts';
import { type SigningKey, signMessage } from '../protocol/signing.ts';
import type { Database } from '../store/database.ts';
import { type HomeToCertify, issueCertificate } from './certificate.ts';

export interface Authority {
  readonly publicKey: Uint8Array;
  /**
   * The signed member list of an epoch. Signing the same list again gives the same bytes.
   * @param homes ids, in any order
   * @throws {BrokerError} EPOCH_TAKEN when another list was signed for that epoch
   */
  signMembers(cohort: string, epoch: number, homes: readonly string[]): Uint8Array;
}

export interface CertifyingAuthority extends Authority {
  /** @returns X.509 DER */
  certify(home: HomeToCertify): Promise<Uint8Array>;
}

export async function createAuthority(key: SigningKey, database: Database): Promise<CertifyingAuthority> {
  const pkcs8 = Buffer.from(key.exportPkcs8Pem().replace(/-----.*-----|\s/g, ''), 'base64');
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
  const find = database.prepare('SELECT signed FROM member_lists WHERE cohort = ? AND epoch = ?').pluck();
  const keep = database.prepare('INSERT INTO member_lists (cohort, epoch, signed) VALUES (?, ?, ?)');
  return {
    publicKey: key.publicKey,
    certify: (home) => issueCertificate(signingKey, home),
    signMembers(cohort, epoch, homes) {
      // Ids are ASCII, where the order of strings is the order of bytes.
      const signed = signMessage(key, MemberList, { cohort, epoch, homes: [...homes].sort() });
      const before = find.get(cohort, epoch) as Uint8Array | undefined;
      if (before === undefined) keep.run(cohort, epoch, signed);
      else if (!sameList(before, signed)) throw new BrokerError('EPOCH_TAKEN', { cohort, epoch });
      return signed;
    },
  };
}

function sameList(one: Uint8Array, other: Uint8Array): boolean {
  const payload = (signed: Uint8Array) => decodeSigned(signed, MemberList.type).payload;
  return sameBytes(payload(one), payload(other));
}
