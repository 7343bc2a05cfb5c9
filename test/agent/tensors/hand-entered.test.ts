import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enteredGrids, enteredPerSlot, readDecimal, scaleOf } from '../../../agent/tensors/hand-entered.ts';
import type { Coverage } from '../../../agent/tensors/tensor.ts';

/** Which slots have a value. */
const known = (coverage: readonly Coverage[]) => coverage.map((one) => one === 'covered');

const hour = 3_600_000;

describe('numbers as a person writes them', () => {
  it.each([
    ['0.1', 3, 100],
    ['10.9', 3, 10_900],
    ['3.68', 3, 3680],
    ['1.005', 3, 1005],
    ['0.0007', 3, 0.7],
    ['12', 0, 12],
    [' 12.50 ', 0, 12.5],
    ['-3', 0, -3],
    ['0', 3, 0],
  ])('"%s" with a prefix of 10^%d is exactly %d', (text, prefix, value) => {
    expect(readDecimal(text, prefix)).toBe(value);
  });

  it('in kWh come out as the Wh that a person would write', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (wattHours) => {
        const kilo = `${Math.floor(wattHours / 1000)}.${String(wattHours % 1000).padStart(3, '0')}`;
        expect(readDecimal(kilo, 3)).toBe(wattHours);
      }),
    );
  });

  it.each(['', 'abc', '1,5', '1e3', '0x10', 'NaN', 'Infinity', '.5', '5.', '--1', '1 2', '1234567890123456'])(
    '"%s" is none',
    (text) => {
      expect(readDecimal(text, 0)).toBeUndefined();
    },
  );

  it.each([
    ['energyImport', 'kWh', { quantity: 'energyImport', unit: 'Wh', prefix: 3 }],
    ['energyImport', undefined, { quantity: 'energyImport', unit: 'Wh', prefix: 0 }],
    ['power', 'kW', { quantity: 'power', unit: 'W', prefix: 3 }],
    ['voltage', 'V', { quantity: 'voltage', unit: 'V', prefix: 0 }],
  ])('of %s may be written in %s', (quantity, unit, scale) => {
    expect(scaleOf(quantity, unit)).toEqual(scale);
  });

  it('in another unit, or of another quantity, are refused with what would do', () => {
    expect(() => scaleOf('energyImport', 'kW')).toThrow(/energyImport is measured in Wh or kWh, not in "kW"/);
    expect(() => scaleOf('energyimport')).toThrow(/did you mean energyImport\?/);
  });
});

describe('values entered slot by slot', () => {
  const bySlot = (...values: number[]) => values.map((value, slot) => ({ slot, steps: 1, value }));
  const entered = { from: 24 * hour, step: 6 * hour, values: bySlot(0.1, 0.2, 4900, 5900) };

  it('answer the grid they were entered on', () => {
    const { values, coverage } = enteredPerSlot(entered, 'counter', { from: 24 * hour, step: 6 * hour, slots: 4 });
    expect([...values]).toEqual([0.1, 0.2, 4900, 5900]);
    expect(known(coverage)).toEqual([true, true, true, true]);
  });

  it('are added up, exactly in decimals, where several make up one slot', () => {
    const { values, coverage } = enteredPerSlot(entered, 'counter', { from: 24 * hour, step: 12 * hour, slots: 2 });
    expect([...values]).toEqual([0.3, 10_800]);
    expect(known(coverage)).toEqual([true, true]);
  });

  it('give the mean of a level', () => {
    const { values } = enteredPerSlot({ ...entered, values: bySlot(1, 2, 3, 6) }, 'level', {
      from: 24 * hour,
      step: 24 * hour,
      slots: 1,
    });
    expect([...values]).toEqual([3]);
  });

  it.each([
    ['finer slots', { from: 24 * hour, step: 3 * hour, slots: 8 }],
    ['slots that begin elsewhere', { from: 25 * hour, step: 6 * hour, slots: 3 }],
    ['slots whose end falls within one entered', { from: 24 * hour, step: 8 * hour, slots: 2 }],
    ['another day', { from: 72 * hour, step: 6 * hour, slots: 4 }],
  ])('do not answer %s: how one was spread nobody knows', (_, grid) => {
    expect(known(enteredPerSlot(entered, 'counter', grid).coverage)).not.toContain(true);
  });

  describe('of which one is longer than the others', () => {
    const days = {
      from: 0,
      step: hour,
      values: [24, 25, 24].map((steps, at) => ({ slot: [0, 24, 49][at] ?? 0, steps, value: at + 1 })),
    };

    it('have grids of their own', () => {
      expect(enteredGrids(days)).toEqual([
        { from: 0, step: 24 * hour, slots: 1 },
        { from: 24 * hour, step: 25 * hour, slots: 1 },
        { from: 49 * hour, step: 24 * hour, slots: 1 },
      ]);
      const [first, , last] = days.values;
      const deleted = enteredGrids({ ...days, values: [first, last].filter((one) => one !== undefined) });
      expect(deleted).toEqual(enteredGrids(days));
    });

    it('answer them, and several of them together', () => {
      for (const [index, grid] of enteredGrids(days).entries()) {
        expect([...enteredPerSlot(days, 'counter', grid).values]).toEqual([index + 1]);
      }
      expect([...enteredPerSlot(days, 'counter', { from: 0, step: 73 * hour, slots: 1 }).values]).toEqual([6]);
    });

    it('answer no equal slots over the longer one', () => {
      const { values, coverage } = enteredPerSlot(days, 'counter', { from: 0, step: 24 * hour, slots: 3 });
      expect(known(coverage)).toEqual([true, false, false]);
      expect([...values]).toEqual([1, 0, 0]);
    });

    it('count by their length in the mean of a level', () => {
      const { values } = enteredPerSlot(days, 'level', { from: 0, step: 49 * hour, slots: 1 });
      expect(values[0]).toBeCloseTo((24 + 2 * 25) / 49, 12);
    });
  });

  it('answer only the slots they cover whole', () => {
    const grid = { from: 18 * hour, step: 6 * hour, slots: 6 };
    const { values, coverage } = enteredPerSlot(entered, 'counter', grid);
    expect(known(coverage)).toEqual([false, true, true, true, true, false]);
    expect(values[0]).toBe(0);
  });
});
