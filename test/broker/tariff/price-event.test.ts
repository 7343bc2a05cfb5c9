import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { OpenAdrEvent } from '../../../broker/protocol/json-messages.ts';
import { isoDuration, perKwh, priceEvent, roundedCents } from '../../../broker/tariff/price-event.ts';

describe('a price event', () => {
  test('is an OpenADR 3.1 event with a price per kWh for each slot', () => {
    const from = epochMs(Date.UTC(2026, 10, 24));
    const madeAt = epochMs(Date.UTC(2026, 10, 23, 18));
    const centsPerKwh = [10.616666666666667, 11.333333333333334, 14.25, 10.7];
    const event = priceEvent({
      cohort: 'feeder-7',
      sequence: 7,
      madeAt,
      from,
      stepMs: 6 * 3_600_000,
      currency: 'EUR',
      centsPerKwh,
    });
    expect(OpenAdrEvent.parse(event)).toEqual({
      id: 'tariff-feeder-7-7',
      objectType: 'EVENT',
      createdDateTime: '2026-11-23T18:00:00.000Z',
      modificationDateTime: '2026-11-23T18:00:00.000Z',
      programID: 'tariff-feeder-7',
      targets: ['feeder-7'],
      payloadDescriptors: [
        { objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType: 'PRICE', units: 'KWH', currency: 'EUR' },
      ],
      intervalPeriod: { start: '2026-11-24T00:00:00.000Z', duration: 'PT6H' },
      intervals: [0.106167, 0.113333, 0.1425, 0.107].map((price, id) => ({
        id,
        payloads: [{ type: 'PRICE', values: [price] }],
      })),
    });
  });

  test('cents and price are rounded alike', () => {
    fc.assert(
      fc.property(fc.double({ min: -1000, max: 1000, noNaN: true }), (cents) => {
        expect(Math.abs(perKwh(cents) - cents / 100)).toBeLessThanOrEqual(0.5000001e-6);
        expect(roundedCents(cents)).toBeCloseTo(perKwh(cents) * 100, 9);
        expect(perKwh(roundedCents(cents))).toBe(perKwh(cents));
      }),
    );
  });

  test.each([
    [900_000, 'PT15M'],
    [21_600_000, 'PT6H'],
    [86_400_000, 'PT24H'],
    [5_400_000, 'PT1H30M'],
    [3_661_500, 'PT1H1M1.5S'],
  ])('a duration of %i ms is %s', (ms, text) => {
    expect(isoDuration(ms)).toBe(text);
  });
});
