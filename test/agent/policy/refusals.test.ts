import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { refusalOf } from '../../../agent/policy/protocol-refusals.ts';
import { declineOf, type RefusalCode, RefusedError, refusals } from '../../../agent/policy/refusals.ts';
import { DeclineReason } from '../../../broker/protocol/fields.ts';
import { outcomeOf } from '../../../scripts/vector-cases/bad-cases.ts';
import { type MessagesFile, parseVectors, type RoundCase } from '../../../scripts/vector-cases/format.ts';
import { worldOf } from '../../../scripts/vector-cases/world.ts';

const codes = Object.keys(refusals) as RefusalCode[];

describe('the table', () => {
  test.each(codes)('%s says what is wrong and what to do', (code) => {
    const { says, remedy } = refusals[code];
    expect(says.length).toBeGreaterThan(10);
    expect(remedy).toMatch(/[.!]$/);
    const decline = declineOf(code);
    if (decline !== undefined) expect(DeclineReason.options).toContain(decline);
  });

  test('every reason that a decline can give has a refusal behind it', () => {
    expect(new Set(codes.map(declineOf))).toEqual(new Set([...DeclineReason.options, undefined]));
  });

  test('an error that is no refusal stays one', () => {
    expect(() => refusalOf(new TypeError('a bug'), 'round')).toThrow(TypeError);
  });

  test('details are filled in', () => {
    const error = new RefusedError({ code: 'TARIFF_SEQUENCE', details: { sequence: 3, last: 4 } });
    expect(error.message).toBe('the tariff has sequence 3, the last one taken had 4');
  });
});

// What the vectors say is bad, by its reason there, and what this home calls it.
const named: Readonly<Record<string, Readonly<Record<string, RefusalCode>>>> = {
  roster: {
    'low-order': 'ROSTER_LOW_ORDER',
    duplicate: 'ROSTER_DUPLICATE',
    'agreement-key': 'ROSTER_AGREEMENT_KEY',
    signature: 'ROSTER_SIGNATURE',
    certificate: 'ROSTER_CERTIFICATE',
    'member-list': 'ROSTER_MEMBER_LIST',
    cohort: 'ROSTER_COHORT',
    sequence: 'ROSTER_SEQUENCE',
    'second-hash': 'ROSTER_SECOND_HASH',
    'lower-epoch': 'ROSTER_LOWER_EPOCH',
  },
  announce: {
    signature: 'ROUND_SIGNATURE',
    schema: 'ROUND_MALFORMED',
    'not-shortest': 'ROUND_MALFORMED',
    'key-order': 'ROUND_MALFORMED',
    'unknown-key': 'ROUND_MALFORMED',
    'limit-overflow': 'ROUND_FIELD_BOUND',
    'unknown-roster': 'ROUND_REFUSED',
    cohort: 'ROUND_COHORT',
    sharing: 'ROUND_SHARING',
    collusion: 'ROUND_COLLUSION',
    'vector-length': 'ROUND_VECTOR_LENGTH',
    minimum: 'ROUND_MINIMUM',
    expiry: 'ROUND_EXPIRY',
  },
  set: {
    bitmap: 'SET_BITMAP',
    length: 'SET_LENGTH',
    round: 'SET_ROUND',
    signature: 'SET_SIGNATURE',
    minimum: 'SET_MINIMUM',
  },
  open: { length: 'SET_LENGTH', 'other-set': 'SET_OTHER' },
};

const messages = parseVectors(readFileSync('test/vectors/messages.json', 'utf8')) as MessagesFile;
const world = worldOf((messages.rounds as readonly RoundCase[])[0] as RoundCase);
const bad = (messages.bad ?? []).filter(({ type, reason }) => type in named && reason !== 'complaint');

describe('each bad message of the vectors has a code of its kind', () => {
  test.each(bad.map((one) => [one.type, one.name, one] as const))('%s: %s', (type, _, one) => {
    const outcome = outcomeOf(one, world);
    if (!('refused' in outcome)) return expect.fail('it was taken');
    const checked = type === 'announce' ? 'round' : type === 'roster' ? 'roster' : 'open';
    expect(refusalOf(outcome.refused, checked).code).toBe(named[type]?.[one.reason]);
  });

  test('and there are some of each kind', () => {
    expect(new Set(bad.map(({ type }) => type))).toEqual(new Set(Object.keys(named)));
  });
});
