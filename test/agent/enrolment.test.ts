import { X509Certificate } from 'node:crypto';
import 'reflect-metadata';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { describe, expect, test } from 'vitest';
import { type EnrolmentContext, enrolmentRequest, readReply } from '../../agent/enrolment.ts';
import { epochMs } from '../../broker/protocol/clock.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import { EnrolmentRequest } from '../../broker/protocol/json-messages.ts';
import { generateSigningKey } from '../../broker/protocol/signing.ts';
import { makeCertificate } from '../broker/protocol/made-certificates.ts';
import { codeOf } from './policy/code-of.ts';

const now = epochMs(Date.parse('2027-01-02T00:00:00Z'));
const cohort = 'oak-street';
const identity = generateSigningKey();
const authority = generateSigningKey();
const coordinator = generateSigningKey();
const parts = { authority, identity: identity.publicKey, home: 'bob', cohort };
const pins = { authority: toHex(authority.publicKey), coordinator: toHex(coordinator.publicKey) };
const other = toHex(generateSigningKey().publicKey);

const approved = {
  v: 1,
  type: 'enrolment-reply',
  home: 'bob',
  state: 'approved',
  cohort,
  certificate: makeCertificate(parts).toString('base64'),
  ...pins,
};
const context: EnrolmentContext = {
  home: 'bob',
  identity: identity.publicKey,
  pins: undefined,
  enrolled: undefined,
  now,
};
const bytes = (reply: object) => Buffer.from(JSON.stringify(reply));
const enrolled = {
  home: 'bob',
  cohort,
  ...pins,
  certificate: Buffer.from(approved.certificate, 'base64'),
  enrolledAt: now,
};

test('the request is PKCS#10 for the home’s id, signed by its key', async () => {
  const request = EnrolmentRequest.parse(JSON.parse(await enrolmentRequest(identity, 'bob', 'Bob, Oak Street 3')));
  expect(request).toMatchObject({ home: 'bob', claim: 'Bob, Oak Street 3' });
  const read = new Pkcs10CertificateRequest(Buffer.from(request.request, 'base64'));
  expect(read.subject).toBe('CN=bob');
  expect(await read.verify()).toBe(true);
  expect(Buffer.from(read.publicKey.rawData).subarray(-32)).toEqual(Buffer.from(identity.publicKey));
});

describe('the first good reply', () => {
  test('is what gets pinned', () => {
    expect(readReply(bytes(approved), context)).toEqual({ outcome: 'enrolled', enrolment: enrolled });
    expect(new X509Certificate(enrolled.certificate).subject).toBe('CN=bob\nOU=oak-street');
  });

  test('has to match the pins of the configuration, where there are any', () => {
    expect(readReply(bytes(approved), { ...context, pins }).outcome).toBe('enrolled');
  });
});

describe('a later reply', () => {
  const renewed = makeCertificate({ ...parts, validity: ['270101000000Z', '470101000000Z'] }).toString('base64');

  test('of the same keys changes nothing', () => {
    expect(readReply(bytes(approved), { ...context, enrolled })).toEqual({ outcome: 'unchanged' });
  });

  test('of the same keys may renew the certificate', () => {
    expect(readReply(bytes({ ...approved, certificate: renewed }), { ...context, enrolled }).outcome).toBe('renewed');
  });
});

test('the operator’s no comes through in the authority’s words', () => {
  const no = { code: 'ENROLMENT_FULL', says: 'too many requests wait', remedy: 'Try again later.' };
  const reply = { v: 1, type: 'enrolment-reply', home: 'bob', state: 'refused', ...no };
  expect(readReply(bytes(reply), context)).toEqual({ outcome: 'refused', ...no });
});

const certificate = (changes: object) => ({
  certificate: makeCertificate({ ...parts, ...changes }).toString('base64'),
});
const refused: [code: string, why: string, reply: object, context?: Partial<EnrolmentContext>][] = [
  ['ENROLMENT_OTHER_HOME', 'for another home', { home: 'alice' }],
  ['ENROLMENT_PINS', 'pins another authority', {}, { pins: { ...pins, authority: other } }],
  ['ENROLMENT_PINS', 'pins another coordinator', {}, { pins: { ...pins, coordinator: other } }],
  ['ENROLMENT_OTHER_KEY', 'certifies another key', certificate({ identity: generateSigningKey().publicKey })],
  ['ENROLMENT_CERTIFICATE', 'names another home', certificate({ home: 'alice' })],
  ['ENROLMENT_CERTIFICATE', 'names another cohort', certificate({ cohort: 'elm-street' })],
  ['ENROLMENT_CERTIFICATE', 'is signed by another', certificate({ authority: coordinator })],
  ['ENROLMENT_CERTIFICATE', 'has run out', certificate({ validity: ['250101000000Z', '260101000000Z'] })],
  ['ENROLMENT_CERTIFICATE', 'is no certificate', { certificate: 'AAAA' }],
  ['ENROLMENT_KEYS_CHANGED', 'changes the coordinator', { coordinator: other }, { enrolled }],
  ['ENROLMENT_KEYS_CHANGED', 'changes the authority', { authority: other }, { enrolled }],
  ['ENROLMENT_KEYS_CHANGED', 'changes the cohort', { cohort: 'elm-street' }, { enrolled }],
  ['ENROLMENT_REPLY_MALFORMED', 'has a key too many', { extra: 1 }],
  ['ENROLMENT_REPLY_MALFORMED', 'is of another version', { v: 2 }],
  ['ENROLMENT_REPLY_MALFORMED', 'pins what is no key', { coordinator: 'abc' }],
];

test.each(refused)('%s: a reply that %s', (code, _, changes, where = {}) => {
  expect(codeOf(() => readReply(bytes({ ...approved, ...changes }), { ...context, ...where }))).toBe(code);
});

test.each(['', 'garbage', '[]', '{"v":1', '\xff\xfe'])('ENROLMENT_REPLY_MALFORMED: %j', (text) => {
  expect(codeOf(() => readReply(Buffer.from(text, 'latin1'), context))).toBe('ENROLMENT_REPLY_MALFORMED');
});
