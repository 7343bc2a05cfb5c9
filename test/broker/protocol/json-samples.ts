/**
 * One good message of every kind that is JSON, signed or not, and what reads it and writes it again: for tests that
 * change bytes at random.
 */
import type * as z from 'zod';
import { parseRequest } from '../../../broker/operator/parse-request.ts';
import { ProtocolError } from '../../../broker/protocol/errors.ts';
import { EnrolmentReply, EnrolmentRequest, Result, Status, Tariff } from '../../../broker/protocol/json-messages.ts';
import { OperatorReply, type OperatorRequestInput } from '../../../broker/protocol/operator.ts';
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
  homes: { v: 1, type: 'homes', cohort: 'oak-street' },
  'home-remove': { v: 1, type: 'home-remove', home: 'bob' },
  roster: { v: 1, type: 'roster', cohort: 'oak-street' },
  rounds: { v: 1, type: 'rounds', cohort: 'oak-street' },
  'round-watch': { v: 1, type: 'round-watch', round: hex(16) },
  'round-stop': { v: 1, type: 'round-stop', round: hex(16) },
  schedules: { v: 1, type: 'schedules', cohort: 'oak-street' },
  'schedule-pause': { v: 1, type: 'schedule-pause', schedule: 'daily' },
  'schedule-resume': { v: 1, type: 'schedule-resume', schedule: 'daily' },
  'schedule-remove': { v: 1, type: 'schedule-remove', schedule: 'daily' },
  'schedule-add': {
    ...{ v: 1, type: 'schedule-add', schedule: 'daily', cohort: 'oak-street', tags: query.tags, zone: 'Europe/Berlin' },
    ...{ timesPerDay: 4, tariff: { formula: '0.5*mean+5' } },
  },
};

const row = {
  ...{
    round: hex(16),
    cohort: 'oak-street',
    state: 'opened',
    query,
    from: at,
    step: 21_600_000,
    slots: 2,
    openedAt: at,
  },
  ...{ deadline: at, expiry: at, minimum: 3, members: 4, reports: 3, declined: { spent: 1 }, answers: 4, needed: 4 },
  ...{ statistics: { variance: true }, checked: false, inconsistent: 0 },
};
const standing = {
  ...{ noReport: ['james'], noAnswer: [], answeredBefore: [], inconsistent: [], fault: [], disputed: ['bob'] },
  complaints: [{ member: 'james', contributor: 'bob' }],
};
const tensor = {
  ...{ id: 'fridge', tags: query.tags, description: 'Fridge', quantity: 'energyImport', unit: 'Wh', dtype: 'float64' },
  ...{ shape: [4], from: at, until: at, capacity: [25, 2] },
};
const homeRow = {
  ...{ home: 'bob', state: 'approved', cohort: 'oak-street', claim: 'bob, Oak Street 7', fingerprint: hex(32) },
  ...{ online: true, since: at, ready: true },
};
const slot = { from: at, until: at + 21_600_000, at };
const schedule = {
  ...{ schedule: 'daily', cohort: 'oak-street', tags: query.tags, quantity: 'energyImport', unit: 'Wh' },
  ...{ zone: 'Europe/Berlin', timesPerDay: 4, statistics: {}, spread: 600_000, paused: false, next: slot },
  last: { ...slot, state: 'opened', round: hex(16), contributors: 3, mean: [11_233.333333333334], missed: 0 },
};
/** Of the right form. */
export const signature = 'A'.repeat(86);
const withResult = { ...opened, signature };

const results: Readonly<Record<string, object>> = {
  round: { result: withResult },
  search: { matched: 1, offline: 0, homes: [{ home: 'bob', cohort: 'oak-street', online: true, tensors: [tensor] }] },
  homes: { homes: [homeRow] },
  approve: { home: homeRow },
  'home-remove': { home: 'bob', cohort: 'oak-street' },
  roster: { cohort: 'oak-street', epoch: 1, hash: hex(32), homes: ['bob'], leftOut: [{ home: 'bill', why: 'no key' }] },
  rounds: { rounds: [row] },
  'round-show': { row, standing, result: { ...failed, signature } },
  'round-watch': { result: withResult },
  'round-stop': { row },
  tariff: { tariff: { ...tariff, signature }, centsPerKwh: [10.6167] },
  'schedule-add': { schedule },
  schedules: { schedules: [schedule] },
  'schedule-pause': { schedule },
  'schedule-resume': { schedule },
  'schedule-remove': { schedule: 'daily' },
};
const ofRequest = { v: 1, request: 'ask-1' };
const replies: Readonly<Record<string, object>> = {
  accepted: { ...ofRequest, type: 'accepted', round: hex(16), row },
  progress: { ...ofRequest, type: 'progress', row },
  error: { ...ofRequest, type: 'error', code: 'TAG_UNKNOWN', says: 'no', remedy: 'another', retryAt: at },
  ...Object.fromEntries(
    Object.entries(results).map(([of, result]) => [`${of} result`, { ...ofRequest, type: 'result', of, ...result }]),
  ),
};

const enrolment = { home: 'bob', cohort: 'oak-street', authority: hex(32), coordinator: hex(32) };
const status = { v: 1, online: true, since: at, version: '0.1.0' };
const request = { v: 1, type: 'enrolment-request', home: 'bob', request: 'MIGjMFcCAQA=', claim: 'bob, Oak Street 7' };
const reply = { v: 1, type: 'enrolment-reply', state: 'approved', certificate: 'MIIBkTCC', ...enrolment };
const refused = {
  ...{ v: 1, type: 'enrolment-reply', home: 'bob', state: 'refused' },
  ...{ code: 'ENROLMENT_KEY_DIFFERS', says: 'another key is known', remedy: 'ask the utility' },
};

const named = (before: string, samples: Readonly<Record<string, MessageSample>>) =>
  Object.fromEntries(Object.entries(samples).map(([name, sample]) => [`${before} ${name}`, sample]));
const each = (objects: Readonly<Record<string, object>>, read: (bytes: Uint8Array) => unknown) =>
  Object.fromEntries(Object.entries(objects).map(([name, object]) => [name, plain(object, read)]));

/** By message, then by what it may be about. A test holds them against the topics. */
export const jsonKinds: Readonly<Record<string, Readonly<Record<string, MessageSample>>>> = {
  result: named('result:', { opened: signed(Result, 'result', opened), failed: signed(Result, 'result', failed) }),
  tariff: { tariff: signed(Tariff, 'tariff', tariff) },
  status: { status: plain(status, bySchema(Status, 'status')) },
  enrolmentRequest: { 'enrolment request': plain(request, bySchema(EnrolmentRequest, 'enrolment-request')) },
  enrolmentReply: named(
    'enrolment reply:',
    each({ approved: reply, refused }, bySchema(EnrolmentReply, 'enrolment-reply')),
  ),
  operatorRequest: named('operator asks:', each(asks, parseRequest)),
  operatorReply: named('operator is told:', each(replies, bySchema(OperatorReply, 'reply'))),
};
export const jsonSamples: Readonly<Record<string, MessageSample>> = Object.assign({}, ...Object.values(jsonKinds));
