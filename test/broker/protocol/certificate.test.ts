import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCertificate } from '../../../broker/protocol/certificate.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { generateSigningKey } from '../../../broker/protocol/signing.ts';
import {
  attribute,
  type CertificateParts,
  der,
  ed25519WithNull,
  makeCertificate,
  pair,
  rsaSha256,
} from './made-certificates.ts';
import { refusalOf } from './refusal.ts';

const authority = generateSigningKey();
const identity = generateSigningKey().publicKey;
const good: CertificateParts = { authority, identity, home: 'bob', cohort: 'oak-street' };
const at = (time: string) => ({
  authority: authority.publicKey,
  home: 'bob',
  cohort: 'oak-street',
  now: epochMs(Date.parse(time)),
});
const read = (certificate: Uint8Array, time = '2027-01-01T00:00:00Z') => readCertificate(certificate, at(time));
const [cn, ou] = [attribute('2.5.4.3', 'bob'), attribute('2.5.4.11', 'oak-street')];

describe('a certificate', () => {
  it('gives the identity key that node sees in it', () => {
    const bytes = makeCertificate(good);
    expect(toHex(read(bytes).identity)).toBe(toHex(identity));
    expect(new X509Certificate(bytes).publicKey.export({ format: 'jwk' }).x).toBe(
      Buffer.from(identity).toString('base64url'),
    );
  });

  const accepted: readonly [string, Partial<CertificateParts>, string?][] = [
    [
      'with names as PrintableString',
      { subject: [attribute('2.5.4.3', 'bob', 0x13), attribute('2.5.4.11', 'oak-street', 0x13)] },
    ],
    ['with the names the other way round', { subject: [ou, cn] }],
    ['with an organization besides', { subject: [attribute('2.5.4.10', 'Utility'), ou, cn] }],
    ['at its first instant', {}, '2026-01-01T00:00:00Z'],
    ['at its last instant', {}, '2046-01-01T00:00:00Z'],
    ['with times beyond 2050', { validity: ['260101000000Z', '20600101000000Z'] }, '2059-01-01T00:00:00Z'],
    ['with times before 2000', { validity: ['990101000000Z', '460101000000Z'] }, '1999-06-01T00:00:00Z'],
  ];
  it.each(accepted)('%s is taken', (_, parts, time) => {
    expect(refusalOf(() => read(makeCertificate({ ...good, ...parts }), time))).toBe('accepted');
  });

  it('that was taken before is refused all the same for another authority, home or cohort, and out of its time', () => {
    const bytes = makeCertificate(good);
    read(bytes);
    const now = at('2027-01-01T00:00:00Z');
    const changes = [
      { authority: generateSigningKey().publicKey },
      { home: 'alice' },
      { cohort: 'elm-street' },
      { now: epochMs(Date.parse('2046-01-01T00:00:01Z')) },
    ];
    for (const change of changes) {
      expect(refusalOf(() => readCertificate(bytes, { ...now, ...change }))).not.toBe('accepted');
    }
    const forged = Buffer.from(bytes);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    expect(refusalOf(() => read(forged))).not.toBe('accepted');
    expect(refusalOf(() => read(bytes))).toBe('accepted');
  });

  const keyInfo = (algorithm: string, key: Uint8Array) =>
    der(0x30, Buffer.from(algorithm, 'hex'), der(0x03, Buffer.from([0]), key));
  const refused: readonly [string, Partial<CertificateParts>, string?][] = [
    ['by another authority', { authority: generateSigningKey() }],
    ['of another home', { home: 'alice' }],
    ['for another cohort', { cohort: 'elm-street' }],
    ['with two common names', { subject: [cn, cn, ou] }],
    ['with two common names, only one of them ours', { subject: [attribute('2.5.4.3', 'alice'), cn, ou] }],
    [
      'with two common names in one set',
      { subject: [der(0x31, pair('2.5.4.3', 'bob'), pair('2.5.4.3', 'alice')), ou] },
    ],
    ['without a common name', { subject: [ou] }],
    ['with two units', { subject: [cn, ou, ou] }],
    ['without a unit', { subject: [cn] }],
    ['without a subject', { subject: [] }],
    ['with a common name in 16-bit letters', { subject: [attribute('2.5.4.3', '\0b\0o\0b', 0x1e), ou] }],
    ['with a common name that goes on after a zero', { subject: [attribute('2.5.4.3', 'bob\0.elm'), ou] }],
    ['with parameters in the inner algorithm', { inner: ed25519WithNull }],
    ['with parameters in the outer algorithm', { outer: ed25519WithNull }],
    ['with parameters in both', { inner: ed25519WithNull, outer: ed25519WithNull }],
    ['with another algorithm inside', { inner: rsaSha256 }],
    ['with another algorithm outside', { outer: rsaSha256 }],
    ['with an Ed448 key', { keyInfo: keyInfo('300506032b6571', new Uint8Array(57)) }],
    ['with an X25519 key', { keyInfo: keyInfo('300506032b656e', identity) }],
    ['with parameters at the key', { keyInfo: keyInfo('300706032b65700500', identity) }],
    ['with a short key', { keyInfo: keyInfo('300506032b6570', identity.subarray(1)) }],
    ['with a byte after it', { after: Buffer.of(0) }],
    ['with another certificate after it', { after: makeCertificate(good) }],
    ['a millisecond before it begins', {}, '2025-12-31T23:59:59.999Z'],
    ['a millisecond after its end', {}, '2046-01-01T00:00:00.001Z'],
    ['with a validity that is no time', { validity: ['2601010000Z00', '460101000000Z'] }],
    ['with a month 13', { validity: ['261301000000Z', '460101000000Z'] }],
  ];
  it.each(refused)('%s is refused', (_, parts, time) => {
    const certificate = makeCertificate({ ...good, ...parts });
    expect(refusalOf(() => read(certificate, time))).toMatch(/^CERTIFICATE_REFUSED\//);
  });

  it('is refused with the same length written in more bytes than needed', () => {
    const bytes = makeCertificate(good);
    expect(bytes.subarray(0, 2).toString('hex')).toBe('3081');
    const longer = Buffer.concat([Buffer.from('308200', 'hex'), bytes.subarray(2)]);
    expect(refusalOf(() => read(longer))).toBe('CERTIFICATE_REFUSED/certificate');
  });

  it('is refused with any one byte changed, cut off or added', () => {
    const bytes = makeCertificate(good);
    for (let place = 0; place < bytes.length; place++) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] as number) ^ 1;
      expect(
        refusalOf(() => read(changed)),
        `byte ${place}`,
      ).toMatch(/^CERTIFICATE_REFUSED\//);
      expect(
        refusalOf(() => read(bytes.subarray(0, place))),
        `cut at ${place}`,
      ).toMatch(/^CERTIFICATE_REFUSED\//);
    }
  });

  it.each([
    ['nothing', ''],
    ['a length without an end', '3080300080'],
    ['a length in more bytes than needed', '30820003020101'],
    ['a length of 4 GB', '3084ffffffff'],
    ['a tag in two bytes', '1f8101'],
    ['an empty sequence', '3000'],
  ])('%s is refused', (_, hex) => {
    expect(refusalOf(() => read(Buffer.from(hex, 'hex')))).toMatch(/^CERTIFICATE_REFUSED\//);
  });
});
