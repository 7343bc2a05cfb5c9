/**
 * Issues the X.509 certificates of homes. What they have to say is checked by every home that reads a roster.
 */
import { randomBytes, type webcrypto } from 'node:crypto';
import type { EpochMs } from '../protocol/clock.ts';
import { spkiOf } from './certificate-request.ts';
import { loadX509 } from './x509.ts';

const dayMs = 86_400_000;
/** The home's clock may be behind the authority's. */
const backdatedMs = dayMs;
const validForMs = 2 * 365 * dayMs;

export interface HomeToCertify {
  readonly home: string;
  readonly cohort: string;
  /** Ed25519 public key, proved to be the home's. */
  readonly identity: Uint8Array;
  readonly now: EpochMs;
}

/** @returns X.509 DER: CN the home, OU its cohort, Ed25519 throughout */
export async function issueCertificate(
  signingKey: webcrypto.CryptoKey,
  { home, cohort, identity, now }: HomeToCertify,
): Promise<Uint8Array> {
  const x509 = await loadX509();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [home] }, { OU: [cohort] }],
    issuer: [{ CN: ['WattVeil enrolment authority'] }],
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(now + validForMs),
    signingAlgorithm: { name: 'Ed25519' },
    publicKey: new Uint8Array(spkiOf(identity)),
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ],
  });
  return new Uint8Array(certificate.rawData);
}

/** RFC 5280 4.1.2.2: positive, at most 20 bytes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
