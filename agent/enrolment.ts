/**
 * Enrolling: the request by which a home asks to be certified, and what it checks in the reply before it pins keys.
 * Pure but for the request's signature.
 */
import { webcrypto } from 'node:crypto';
import { readCertificate } from '../broker/protocol/certificate.ts';
import type { EpochMs } from '../broker/protocol/clock.ts';
import { fromHex, sameBytes } from '../broker/protocol/hex.ts';
import { EnrolmentReply, EnrolmentRequest } from '../broker/protocol/json-messages.ts';
import type { SigningKey } from '../broker/protocol/signing.ts';
import { refusalOf } from './policy/protocol-refusals.ts';
import { RefusedError, refusal } from './policy/refusals.ts';
import type { Enrolment } from './store/home-store.ts';

export interface Pins {
  /** Ed25519 public keys, hex. */
  readonly authority: string;
  readonly coordinator: string;
}

/** What a home expects of a reply. */
export interface EnrolmentContext {
  readonly home: string;
  /** Own Ed25519 public key. */
  readonly identity: Uint8Array;
  /** From the configuration. */
  readonly pins: Pins | undefined;
  /** What was pinned before. */
  readonly enrolled: Enrolment | undefined;
  readonly now: EpochMs;
}

export type EnrolmentOutcome =
  | { readonly outcome: 'enrolled'; readonly enrolment: Enrolment }
  /** The same keys, another certificate. */
  | { readonly outcome: 'renewed'; readonly certificate: Uint8Array }
  | { readonly outcome: 'unchanged' }
  /** The operator’s no, in the authority's words. */
  | { readonly outcome: 'refused'; readonly code: string; readonly says: string; readonly remedy: string };

/** @returns the request as sent: PKCS#10, signed by the identity key, so that nobody asks for another's home */
export async function enrolmentRequest(identity: SigningKey, home: string, claim: string): Promise<string> {
  // Only here: it is large, and a home asks seldom.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as Crypto);
  const algorithm = { name: 'Ed25519' };
  const { subtle } = webcrypto;
  const der = Buffer.from(identity.exportPkcs8Pem().replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const keys = {
    privateKey: await subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    publicKey: await subtle.importKey('raw', identity.publicKey, algorithm, true, ['verify']),
  };
  const signed = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${home}`,
    keys,
    signingAlgorithm: algorithm,
  });
  const request = Buffer.from(signed.rawData).toString('base64');
  return JSON.stringify(EnrolmentRequest.parse({ v: 1, type: 'enrolment-request', home, request, claim }));
}

/** @throws {RefusedError} ENROLMENT_*: nothing is to be kept of the reply then */
export function readReply(payload: Uint8Array, context: EnrolmentContext): EnrolmentOutcome {
  const reply = parse(payload);
  if (reply.home !== context.home) throw new RefusedError(refusal('ENROLMENT_OTHER_HOME'));
  if (reply.state === 'refused') {
    const { code, says, remedy } = reply;
    return { outcome: 'refused', code, says, remedy };
  }
  checkPins(reply, context);
  const certificate = Buffer.from(reply.certificate, 'base64');
  const { authority, cohort, coordinator } = reply;
  if (!sameBytes(identityIn(certificate, reply, context), context.identity)) {
    throw new RefusedError(refusal('ENROLMENT_OTHER_KEY'));
  }
  const { enrolled, home, now } = context;
  if (enrolled === undefined) {
    return { outcome: 'enrolled', enrolment: { home, cohort, authority, coordinator, certificate, enrolledAt: now } };
  }
  return sameBytes(enrolled.certificate, certificate) ? { outcome: 'unchanged' } : { outcome: 'renewed', certificate };
}

type Approved = Extract<EnrolmentReply, { state: 'approved' }>;

function parse(payload: Uint8Array): EnrolmentReply {
  let why = 'not JSON';
  try {
    const read = EnrolmentReply.safeParse(JSON.parse(Buffer.from(payload).toString('utf8')));
    if (read.success) return read.data;
    why = read.error.issues[0]?.path.map(String).join('.') || 'not of its schema';
  } catch {
    // Said below.
  }
  throw new RefusedError(refusal('ENROLMENT_REPLY_MALFORMED', { why }));
}

/** Keys are pinned once: those of the configuration, or those of the first reply. */
function checkPins(reply: Approved, { pins, enrolled }: EnrolmentContext): void {
  for (const party of ['authority', 'coordinator'] as const) {
    if (pins !== undefined && pins[party] !== reply[party])
      throw new RefusedError(refusal('ENROLMENT_PINS', { party }));
    if (enrolled !== undefined && enrolled[party] !== reply[party]) {
      throw new RefusedError(refusal('ENROLMENT_KEYS_CHANGED'));
    }
  }
  if (enrolled !== undefined && enrolled.cohort !== reply.cohort) {
    throw new RefusedError(refusal('ENROLMENT_KEYS_CHANGED'));
  }
}

function identityIn(certificate: Uint8Array, reply: Approved, { home, now }: EnrolmentContext): Uint8Array {
  try {
    const expected = { authority: fromHex(reply.authority), home, cohort: reply.cohort, now };
    return readCertificate(certificate, expected).identity;
  } catch (error) {
    throw new RefusedError(refusalOf(error, 'certificate'), { cause: error });
  }
}
