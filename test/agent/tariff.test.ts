import { describe, expect, test } from 'vitest';
import { pricesOf, readTariff, shownTariff, type TariffContext } from '../../agent/tariff.ts';
import { after, epochMs } from '../../broker/protocol/clock.ts';
import type { OpenAdrEvent } from '../../broker/protocol/json-messages.ts';
import { signJson } from '../../broker/protocol/signed-json.ts';
import { generateSigningKey } from '../../broker/protocol/signing.ts';
import { codeOf } from './policy/code-of.ts';

const coordinator = generateSigningKey();
const start = epochMs(Date.parse('2026-11-24T00:00:00Z'));
const hour = 3_600_000;
const event = eventOf([0.106167, 0.113333, 0.1425, 0.107]);
const tariff = { v: 1 as const, type: 'tariff', cohort: 'oak-street', sequence: 7, until: start + 24 * hour, event };
const context: TariffContext = {
  coordinator: coordinator.publicKey,
  cohort: 'oak-street',
  now: start,
  lastSequence: 6,
};
const signed = (changes: object = {}, key = coordinator) => signJson(key, { ...tariff, ...changes });

function eventOf(values: readonly unknown[], changes: object = {}): OpenAdrEvent {
  return {
    id: 'tariff-oak-street-7',
    objectType: 'EVENT',
    createdDateTime: '2026-11-23T18:00:00Z',
    modificationDateTime: '2026-11-23T18:00:00Z',
    programID: 'tariff-oak-street',
    payloadDescriptors: [
      { objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType: 'PRICE', units: 'KWH', currency: 'EUR' },
    ],
    intervalPeriod: { start: '2026-11-24T00:00:00Z', duration: 'PT6H' },
    intervals: values.map((value, id) => ({ id, payloads: [{ type: 'PRICE', values: [value] }] })),
    ...changes,
  };
}

test('a tariff of the utility is taken', () => {
  expect(readTariff(signed(), context)).toMatchObject({ sequence: 7, cohort: 'oak-street' });
});

test('the first one may have any sequence', () => {
  expect(readTariff(signed({ sequence: 0 }), { ...context, lastSequence: undefined }).sequence).toBe(0);
});

const refused: [code: string, why: string, text: string | Buffer, changes?: Partial<TariffContext>][] = [
  ['TARIFF_SIGNATURE', 'by another key', signed({}, generateSigningKey())],
  ['TARIFF_SIGNATURE', 'changed', signed().replace('0.1425', '0.0425')],
  ['TARIFF_SEQUENCE', 'of the last sequence', signed(), { lastSequence: 7 }],
  ['TARIFF_SEQUENCE', 'of a lower sequence', signed({ sequence: 3 }), { lastSequence: 7 }],
  ['TARIFF_OVER', 'that is over', signed(), { now: after(start, 24 * hour) }],
  ['TARIFF_COHORT', 'of another cohort', signed({ cohort: 'elm-street' })],
  ['TARIFF_MALFORMED', 'with a key too many', signed({ extra: 1 })],
  ['TARIFF_MALFORMED', 'of another type', signed({ type: 'result' })],
  ['TARIFF_MALFORMED', 'not in its canonical form', ` ${signed()}`],
  ['TARIFF_MALFORMED', 'that is garbage', Buffer.from([0xff, 0, 1])],
  ['TARIFF_MALFORMED', 'that is empty', ''],
];

test.each(refused)('%s: one %s', (code, _, text, changes) => {
  expect(codeOf(() => readTariff(text, { ...context, ...changes }))).toBe(code);
});

describe('its prices', () => {
  test('follow each other in time, in cents', () => {
    const prices = pricesOf(event);
    expect(prices.map(({ centsPerKwh }) => centsPerKwh)).toEqual([10.6167, 11.3333, 14.25, 10.7]);
    expect(prices[0]).toEqual({ from: start, until: start + 6 * hour, centsPerKwh: 10.6167, currency: 'EUR' });
    expect(prices[3]?.until).toBe(start + 24 * hour);
  });

  const none: [string, OpenAdrEvent][] = [
    ['an event without prices', eventOf([1], { payloadDescriptors: [] })],
    ['a price that is no number', eventOf(['free', Number.NaN])],
    [
      'a price per something else',
      eventOf([1], { payloadDescriptors: [{ ...event.payloadDescriptors?.[0], units: 'KW' }] }),
    ],
    ['a duration in months', eventOf([1], { intervalPeriod: { start: '2026-11-24T00:00:00Z', duration: 'P1M' } })],
  ];
  test.each(none)('%s gives none', (_, odd) => {
    expect(pricesOf(odd)).toEqual([]);
  });

  test('are shown with the tariff, and whether it is over', () => {
    const stored = {
      cohort: 'oak-street',
      sequence: 7,
      until: epochMs(tariff.until),
      text: signed(),
      receivedAt: start,
    };
    expect(shownTariff(stored, start)).toMatchObject({
      sequence: 7,
      over: false,
      prices: [{ centsPerKwh: 10.6167 }, {}, {}, {}],
    });
    expect(shownTariff(stored, epochMs(tariff.until)).over).toBe(true);
  });
});
