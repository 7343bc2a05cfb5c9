/**
 * Thousands of worlds in which anything may go wrong at any instant, none of which may break what the protocol
 * promises. A list of operations that does is shrunk by fast-check: keep it in reproductions.test.ts.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostileOperations, operations } from './operation.ts';
import { play, streets } from './play.ts';

const seeds = 10_000;
const hostileSeeds = 2000;

/** Mostly the smallest: what goes wrong among seven goes wrong among three, in a fifth of the time. */
const street = fc.oneof(
  { weight: 25, arbitrary: fc.constantFrom(0, 1) },
  { weight: 1, arbitrary: fc.constantFrom(2, 3, 4) },
  { weight: 1, arbitrary: fc.constant(5) },
);

test('whatever is lost, doubled, reordered, delayed or cut off, the promises hold and rounds end', {
  // Under a minute where nobody else wants the processor.
  timeout: 300_000,
}, async () => {
  let opened = 0;
  let failed = 0;
  await fc.assert(
    fc.asyncProperty(street, operations, fc.boolean(), async (homes, some, absent) => {
      const outcome = await play(homes, some, absent);
      expect(outcome.wrong).toEqual([]);
      opened += outcome.opened;
      failed += outcome.failed;
    }),
    { numRuns: seeds, interruptAfterTimeLimit: 280_000 },
  );
  // Worlds in which nothing is ever opened, or nothing ever fails, would prove little.
  expect(opened).toBeGreaterThan(seeds / 2);
  expect(failed).toBeGreaterThan(seeds / 100);
});

test('where homes seal badly, nobody else is accused, none answers twice, and rounds end', {
  timeout: 300_000,
}, async () => {
  const wave = streets.length - 1;
  let second = 0;
  let disputed = 0;
  await fc.assert(
    fc.asyncProperty(hostileOperations, fc.boolean(), async (some, absent) => {
      const outcome = await play(wave, some, absent);
      expect(outcome.wrong).toEqual([]);
      second += outcome.secondSets;
      disputed += outcome.disputed;
    }),
    { numRuns: hostileSeeds, interruptAfterTimeLimit: 280_000 },
  );
  expect(second).toBeGreaterThan(hostileSeeds / 4);
  expect(disputed).toBeGreaterThan(hostileSeeds / 100);
});
