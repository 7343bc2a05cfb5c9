import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Load, LoadCounter } from '../../../hardware/simulator/load.ts';

const hour = 3_600_000;
const start = { import: 1000, export: 50 };

test.each<[string, Load, number, number, number, number]>([
  ['nothing', 0, 5 * hour, 0, 1000, 50],
  ['a steady load', 460, 10 * hour, 460, 5600, 50],
  ['a steady feed', -100, 3 * hour, -100, 1000, 350],
  ['a kettle that is not on yet', [{ from: 2 * hour, watts: 2000 }], hour, 0, 1000, 50],
  [
    'a kettle',
    [
      { from: 2 * hour, watts: 2000 },
      { from: 2.25 * hour, watts: 0 },
    ],
    6 * hour,
    0,
    1500,
    50,
  ],
  [
    'steps in any order',
    [
      { from: hour, watts: -300 },
      { from: 0, watts: 600 },
    ],
    2 * hour,
    -300,
    1600,
    350,
  ],
  ['steps from before the start', [{ from: -9 * hour, watts: 10 }], hour, 10, 1010, 50],
  ['a curve', (at) => at / hour, 4 * hour, 4, 1008, 50],
  ['a curve through nought', (at) => (at < hour ? 60 : -60), 2 * hour, -60, 1060, 110],
])('%s', (_, load, at, watts, importWh, exportWh) => {
  const drawn = new LoadCounter(load, 0, start).at(at);
  expect(drawn.watts).toBe(watts);
  expect(drawn.importWh).toBeCloseTo(importWh, 6);
  expect(drawn.exportWh).toBeCloseTo(exportWh, 6);
});

test('what a counter says depends on the instant alone, not on when it was asked before', () => {
  const steps = fc.array(fc.record({ from: fc.nat(24 * hour), watts: fc.integer({ min: -5000, max: 5000 }) }), {
    maxLength: 8,
  });
  const loads = fc.oneof(
    steps,
    fc.integer({ min: -5000, max: 5000 }),
    fc.constant((at: number) => 500 * Math.sin(at / hour)),
  );
  fc.assert(
    fc.property(loads, fc.array(fc.nat(24 * hour), { minLength: 2, maxLength: 10 }), (load, instants) => {
      const asked = new LoadCounter(load, 0, start);
      for (const at of instants) {
        const fresh = new LoadCounter(load, 0, start).at(at);
        expect(asked.at(at).importWh).toBeCloseTo(fresh.importWh, 6);
        expect(asked.at(at).exportWh).toBeCloseTo(fresh.exportWh, 6);
      }
    }),
  );
});

test('counters never go back', () => {
  const steps = fc.array(fc.record({ from: fc.nat(24 * hour), watts: fc.integer({ min: -5000, max: 5000 }) }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(steps, fc.nat(24 * hour), fc.nat(24 * hour), (load, one, other) => {
      const counter = new LoadCounter(load, 0, start);
      const early = counter.at(Math.min(one, other));
      const late = counter.at(Math.max(one, other));
      expect(late.importWh).toBeGreaterThanOrEqual(early.importWh - 1e-9);
      expect(late.exportWh).toBeGreaterThanOrEqual(early.exportWh - 1e-9);
    }),
  );
});
