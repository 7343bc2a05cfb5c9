/**
 * A home's X.509 certificate: which identity key belongs to which home, said by the enrolment authority.
 * Node checks the signature; what it does not show (algorithm fields, names given twice, bytes left over) is read here.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { EpochMs } from './clock.ts';
import { type DerElement, derElements, derInside, derTag, derTime } from './der.ts';
import { dropOldest } from './drop-oldest.ts';
import { ProtocolError } from './errors.ts';
import { sameBytes } from './hex.ts';
import { ed25519PublicKey } from './signing.ts';

/** What a certificate has to say to be taken. */
export interface CertificateExpected {
  /** The authority's Ed25519 public key. */
  readonly authority: Uint8Array;
  readonly home: string;
  readonly cohort: string;
  readonly now: EpochMs;
}

/**
 * @param der one X.509 certificate, nothing after it
 * @returns the home's Ed25519 public key
 * @throws {ProtocolError} CERTIFICATE_REFUSED
 */
export function readCertificate(der: Uint8Array, expected: CertificateExpected): { identity: Uint8Array } {
  const refuse = refuser(expected.home);
  const { identity, from, until } = readNames(der, expected.home, expected.cohort);
  if (expected.now < from || expected.now > until) throw refuse('it is not valid at this time', 'certificate-time');
  const name = createHash('sha256').update(expected.authority).update(der).digest('hex');
  if (!verified.has(name)) {
    assertSigned(der, expected);
    verified.add(name);
    dropOldest(verified, mostVerified);
  }
  return { identity };
}

/**
 * Hashes of authority and certificate whose signature was right, which it stays: node parses a certificate in half a
 * millisecond, and each epoch's roster brings a thousand of them again. What they say is read each time.
 */
const verified = new Set<string>();
/** Two of the largest rosters. */
const mostVerified = 5000;

function assertSigned(der: Uint8Array, { authority, home }: CertificateExpected): void {
  const refuse = refuser(home);
  let signed: boolean;
  try {
    signed = new X509Certificate(der).verify(ed25519PublicKey(authority));
  } catch (error) {
    throw refuse('it does not parse', 'certificate', { cause: error });
  }
  if (!signed) throw refuse('the authority has not signed it', 'certificate');
}

interface Names extends Validity {
  readonly identity: Uint8Array;
}

/** Instants, both in it. */
interface Validity {
  readonly from: number;
  readonly until: number;
}

/**
 * In the last third: a home that is away for months still comes back in time. One rule for the home that asks and the
 * authority that answers, so that no request is in vain.
 */
export function isDueForRenewal({ from, until }: Validity, now: EpochMs): boolean {
  return now >= from + ((until - from) * 2) / 3;
}

/**
 * What a certificate says, without its signature: enough only where the same bytes were checked before.
 * @throws {ProtocolError} CERTIFICATE_REFUSED
 */
export function readNames(der: Uint8Array, home: string, cohort: string): Names {
  const refuse = refuser(home);
  const [certificate, ...after] = derElements(der) ?? [];
  const [signed, algorithm, signature, ...more] = derInside(certificate, derTag.sequence) ?? [];
  const fields = derInside(signed, derTag.sequence) ?? [];
  // The version stands first and is left out in version 1.
  const [, innerAlgorithm, , validity, subject, key] = fields[0]?.tag === derTag.explicit0 ? fields.slice(1) : fields;
  if (after.length > 0 || more.length > 0 || signature?.tag !== derTag.bitString || key === undefined) {
    throw refuse('it is not strict DER', 'certificate');
  }
  for (const field of [algorithm, innerAlgorithm]) {
    if (field === undefined || !sameBytes(field.bytes, ed25519Algorithm)) {
      throw refuse('it is not signed by plain Ed25519', 'certificate');
    }
  }
  const identity = ed25519Key(key);
  if (identity === undefined) throw refuse('it names no Ed25519 key', 'certificate');
  if (onlyName(subject, commonName) !== home) throw refuse('it names another home', 'certificate');
  if (onlyName(subject, organizationalUnit) !== cohort) throw refuse('it names another cohort', 'certificate');
  const [from, until, ...others] = (derInside(validity, derTag.sequence) ?? []).map(derTime);
  if (from === undefined || until === undefined || others.length > 0) throw refuse('it has no validity', 'certificate');
  return { identity, from, until };
}

/** AlgorithmIdentifier { 1.3.101.112 }, no parameters (RFC 8410 section 3). */
const ed25519Algorithm = Buffer.from('300506032b6570', 'hex');
/** SubjectPublicKeyInfo of RFC 8410 up to the key. */
const ed25519KeyStart = Buffer.from('302a300506032b6570032100', 'hex');
const commonName = Buffer.from('550403', 'hex');
const organizationalUnit = Buffer.from('55040b', 'hex');

function ed25519Key(info: DerElement): Uint8Array | undefined {
  const start = info.bytes.subarray(0, ed25519KeyStart.length);
  if (info.bytes.length !== ed25519KeyStart.length + 32 || !sameBytes(start, ed25519KeyStart)) return undefined;
  return info.bytes.subarray(ed25519KeyStart.length);
}

/** The value of an attribute that the name has exactly once; undefined otherwise. */
function onlyName(name: DerElement | undefined, attribute: Uint8Array): string | undefined {
  const values: (string | undefined)[] = [];
  for (const set of derInside(name, derTag.sequence) ?? []) {
    for (const pair of derInside(set, derTag.set) ?? []) {
      const [type, value] = derInside(pair, derTag.sequence) ?? [];
      if (type?.tag === derTag.objectId && sameBytes(type.content, attribute)) values.push(textOf(value));
    }
  }
  return values.length === 1 ? values[0] : undefined;
}

/** Ids are ASCII, so both kinds of string are read byte by byte; anything else matches no id. */
function textOf(value: DerElement | undefined): string | undefined {
  if (value?.tag !== derTag.utf8String && value?.tag !== derTag.printableString) return undefined;
  return Buffer.from(value.content).toString('latin1');
}

function refuser(home: string) {
  return (why: string, reason: string, options?: ErrorOptions) =>
    new ProtocolError('CERTIFICATE_REFUSED', { home, why, reason }, options);
}
