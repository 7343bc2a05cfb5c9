/**
 * A home's PKCS#10 request, read and checked: it proves that the home holds the key it asks for.
 */
import type { Pkcs10CertificateRequest } from '@peculiar/x509';
import { BrokerError } from '../errors.ts';
import { derElements } from '../protocol/der.ts';
import { sameBytes } from '../protocol/hex.ts';
import { loadX509 } from './x509.ts';

/**
 * @param home the id it has to be for, its CN
 * @returns the Ed25519 public key
 * @throws {BrokerError} ENROLMENT_MALFORMED
 */
export async function readCertificateRequest(der: Uint8Array, home: string): Promise<Uint8Array> {
  const request = await parse(der);
  // @peculiar/x509 lets bytes follow.
  if (derElements(der)?.length !== 1) throw malformed('it is not one piece of strict DER');
  const names = request.subjectName.toJSON().flatMap((set) => set.CN ?? []);
  if (names.length !== 1 || names[0] !== home) throw malformed(`its CN is not ${home}`);
  const identity = ed25519KeyOf(new Uint8Array(request.publicKey.rawData));
  if (identity === undefined) throw malformed('its key is not Ed25519');
  if (!(await isSigned(request))) throw malformed('it is not signed by the key it names');
  return identity;
}

async function parse(der: Uint8Array): Promise<Pkcs10CertificateRequest> {
  const x509 = await loadX509();
  try {
    return new x509.Pkcs10CertificateRequest(new Uint8Array(der));
  } catch (error) {
    throw new BrokerError('ENROLMENT_MALFORMED', { why: 'it holds no PKCS#10 request' }, { cause: error });
  }
}

async function isSigned(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    // An algorithm that does not go with the key: as good as no signature.
    return false;
  }
}

/** SubjectPublicKeyInfo of RFC 8410: this, then the key. */
const spkiStart = Buffer.from('302a300506032b6570032100', 'hex');

export const spkiOf = (identity: Uint8Array): Uint8Array => Buffer.concat([spkiStart, identity]);

function ed25519KeyOf(spki: Uint8Array): Uint8Array | undefined {
  if (spki.length !== spkiStart.length + 32 || !sameBytes(spki.subarray(0, spkiStart.length), spkiStart)) {
    return undefined;
  }
  return spki.subarray(spkiStart.length);
}

const malformed = (why: string): BrokerError => new BrokerError('ENROLMENT_MALFORMED', { why });
