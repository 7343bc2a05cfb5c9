import { expect, test } from 'vitest';
import { randomBits } from '../random.ts';
import { decodeMutated, type Sample, samples, slowMs } from './mutations.ts';

test('of 20,000 damaged telegrams none ends the decoder, none takes long, none gives a value without a sound check', () => {
  const random = randomBits(20_000);
  let slow = 0;
  let read = 0;
  for (let run = 0; run < 20_000; run++) {
    const sample = samples[run % samples.length] as Sample;
    const { ms, unsound, telegrams } = decodeMutated(sample, random);
    if (ms > slowMs) slow++;
    if (telegrams.some(({ values }) => values.size > 0)) read++;
    expect(unsound, `run ${run}, ${sample.format}`).toBe(0);
  }
  // Some are whole still: so it is the decoders that were tried.
  expect(read).toBeGreaterThan(1000);
  expect(slow).toBe(0);
});
