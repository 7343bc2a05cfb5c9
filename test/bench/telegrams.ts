/** What damaged telegrams do to the decoders: a million of them, of every format. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeMutated, type Sample, samples, slowMs } from '../hardware/mutations.ts';
import { randomBits } from '../random.ts';
import { atMost, type Figure } from './figure.ts';

const runs = 1_000_000;

export async function measure(): Promise<readonly Figure[]> {
  const random = randomBits(runs);
  let [crashes, slow, unsound, longestMs] = [0, 0, 0, 0];
  for (let run = 0; run < runs; run++) {
    // The decoders' streams let go of what they hold only when it is their turn.
    if (run % 1000 === 0) await nextTurn();
    const sample = samples[run % samples.length] as Sample;
    try {
      const outcome = decodeMutated(sample, random);
      unsound += outcome.unsound;
      longestMs = Math.max(longestMs, outcome.ms);
      if (outcome.ms > slowMs) slow++;
    } catch {
      crashes++;
    }
  }
  const of = `of ${runs.toLocaleString('en')} damaged telegrams`;
  return [
    { name: `${of}, decoders ended by them`, value: crashes, unit: '', goal: atMost(0) },
    { name: `${of}, values without a sound check`, value: unsound, unit: '', goal: atMost(0) },
    { name: `${of}, over ${slowMs} ms`, value: slow, unit: '', goal: atMost(0) },
    { name: `${of}, the longest`, value: longestMs, unit: 'ms' },
  ];
}
