/**
 * One good message of every kind that is JSON, signed or not, and what reads it and writes it again: for tests that
 * change bytes at random.
 */
import type * as z from 'zod';
import { parseRequest } from '../../../broker/operator/parse-request.ts';
import { ProtocolError } from '../../../broker/protocol/errors.ts';
import { EnrolmentReply, EnrolmentRequest, Result, Status, Tariff } from '../../../broker/protocol/json-messages.ts';
import type { OperatorRequestInput } from '../../../broker/protocol/operator.ts';
import { canonicalJson, readSignedJson, signJson } from '../../../broker/protocol/signed-json.ts';
import { generateSigningKey } from '../../../broker/protocol/signing.ts';
import type { MessageSample } from './message-samples.ts';

const key = generateSigningKey();
const hex = (length: number) => 'a7'.repeat(length);
const at = Date.parse('2027-01-02T00:00:00Z');
const grid = { from: at, step: 21_600_000, slots: 2 };
const query = { tags: ['#energy-consumption', '#fridge'], quantity: 'energyImport', unit: 'Wh' };
const ofRound = { v: 1, type: 'result', cohort: 'oak-street', round: hex(16), hash: hex(32), query, grid, members: 4 };

/**
 * `good` is the canonical form without signature, which is signed before it is read: else no change would get beyond
 * the signature. What is not canonical any more is read as it is.
 */
const signed = <S>(schema: z.ZodType<S>, type: string, object: object): MessageSample => {
  const read = (bytes: Uint8Array) => readSignedJson(schema, type, key.publicKey, signedText(bytes) ?? bytes, 'x');
  return {
    good: Buffer.from(canonicalJson(object)),
    again: (bytes) => {
      const { signature: _, ...unsigned } = read(bytes) as S & { signature: string };
      return Buffer.from(canonicalJson(unsigned));
    },
    read,
  };
};

function signedText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const object = JSON.parse(text) as { v: 1; type: string };
    return canonicalJson(object) === text ? signJson(key, object) : undefined;
  } catch {
    return undefined;
  }
}

/** What is not sent in one form only: what was read, written and read again, has to stay what it is. */
const plain = (object: object, read: (bytes: Uint8Array) => unknown): MessageSample => ({
  good: Buffer.from(JSON.stringify(object)),
  again: (bytes) => {
    const once = JSON.stringify(read(bytes));
    return JSON.stringify(read(Buffer.from(once))) === once ? bytes : Buffer.from(once);
  },
  read,
});

const bySchema = (schema: z.ZodType, name: string) => (bytes: Uint8Array) => {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    value = undefined;
  }
  const { success, data } = schema.safeParse(value);
  if (success) return data;
  throw new ProtocolError('MESSAGE_MALFORMED', { message: name, why: 'not of its schema', reason: 'schema' });
};

const tariff = {
  v: 1,
  type: 'tariff',
  cohort: 'oak-street',
  sequence: 7,
  until: at + 86_400_000,
  event: {
    id: 'tariff-7',
    objectType: 'EVENT',
    createdDateTime: '2027-01-02T00:00:00Z',
    modificationDateTime: '2027-01-02T00:00:00Z',
    programID: 'wattveil',
    targets: ['oak-street'],
    payloadDescriptors: [
      { objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType: 'PRICE', units: 'KWH', currency: 'EUR' },
    ],
    intervalPeriod: { start: '2027-01-02T00:00:00Z', duration: 'PT6H' },
    intervals: [{ id: 0, payloads: [{ type: 'PRICE', values: [0.106167] }] }],
  },
};
const opened = {
  ...{ ...ofRound, state: 'opened', set: hex(32), contributors: 3, answers: 4, needed: 4, checked: false },
  ...{ inconsistent: ['bill'], disputed: ['bob'], sum: [33_700, 0.1], mean: [11_233.333333333334, 0.1 / 3] },
};
const failed = { ...ofRound, state: 'failed', reason: 'too-few-answers', needed: 4, missing: ['james', 'bob'] };

const asks: Readonly<Record<string, OperatorRequestInput>> = {
  round: {
    ...{ v: 1, type: 'round', cohort: 'oak-street', tags: query.tags, from: '2027-01-01T00:00:00Z', step: 'PT6H' },
    ...{ slots: 4, statistics: { variance: true }, minimum: 30, deadline: at, resolution: [1, -1], limit: 600_000 },
  },
  search: { v: 1, type: 'search', tags: query.tags, cohort: 'oak-street' },
  values: { v: 1, type: 'values', home: 'bob', tensor: 'fridge' },
  approve: { v: 1, type: 'approve', home: 'bob', cohort: 'oak-street', fingerprint: hex(32) },
  'round-show': { v: 1, type: 'round-show', round: hex(16) },
  tariff: { v: 1, type: 'tariff', round: hex(16), formula: '0.5*mean+5', unit: 'kWh', from: '2027-01-03T00:00:00Z' },
  'schedule-add': {
    ...{ v: 1, type: 'schedule-add', schedule: 'daily', cohort: 'oak-street', tags: query.tags, zone: 'Europe/Berlin' },
    ...{ timesPerDay: 4, tariff: { formula: '0.5*mean+5' } },
  },
};

const enrolment = { home: 'bob', cohort: 'oak-street', authority: hex(32), coordinator: hex(32) };
const status = { v: 1, online: true, since: at, version: '0.1.0' };
const request = { v: 1, type: 'enrolment-request', home: 'bob', request: 'MIGjMFcCAQA=', claim: 'bob, Oak Street 7' };
const reply = { v: 1, type: 'enrolment-reply', state: 'approved', certificate: 'MIIBkTCC', ...enrolment };

export const jsonSamples: Readonly<Record<string, MessageSample>> = {
  'opened result': signed(Result, 'result', opened),
  'failed result': signed(Result, 'result', failed),
  tariff: signed(Tariff, 'tariff', tariff),
  status: plain(status, bySchema(Status, 'status')),
  'enrolment request': plain(request, bySchema(EnrolmentRequest, 'enrolment-request')),
  'enrolment reply': plain(reply, bySchema(EnrolmentReply, 'enrolment-reply')),
  ...Object.fromEntries(Object.entries(asks).map(([type, ask]) => [`operator’s ${type}`, plain(ask, parseRequest)])),
};
