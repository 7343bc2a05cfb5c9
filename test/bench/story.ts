/** The story's round over a real broker on loopback, from the operator's request to the result. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../broker/sdk/connect.ts';
import { cohort, day } from '../../scripts/story/people.ts';
import { openReadyStreet } from '../../scripts/story/ready.ts';
import { atMost, type Figure } from './figure.ts';

export async function measure(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wattveil-bench-'));
  const street = await openReadyStreet(folder);
  try {
    const grid = await connect(street.brokerUrl);
    const started = performance.now();
    const { contributors } = await grid.round({
      cohort,
      tags: ['#energy-consumption'],
      from: `${day}T00:00:00Z`,
      step: 'PT6H',
      slots: 4,
      minimum: 3,
    });
    const tookMs = performance.now() - started;
    await grid.close();
    if (contributors !== 3) throw new Error(`${contributors} homes contributed`);
    return [{ name: "the story's round, from request to result", value: tookMs, unit: 'ms', goal: atMost(2000) }];
  } finally {
    await street.close();
    await rm(folder, { recursive: true });
  }
}
