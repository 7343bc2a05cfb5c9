/** An agent on its own: how long until its first reading, and how much memory it holds. Real process, real serial bytes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { people } from '../../scripts/story/people.ts';
import { buildStreet } from '../../scripts/story/street.ts';
import type { Figure } from './figure.ts';

export async function measure(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wattveil-bench-'));
  const street = await buildStreet({ folder, people: people.slice(0, 1), minContributors: 3 });
  try {
    await street.agents.get('bob')?.end();
    const started = performance.now();
    await street.startAgent('bob');
    const connectedMs = performance.now() - started;
    let firstReadingMs = Number.NaN;
    while (Number.isNaN(firstReadingMs)) {
      const { stdout, code } = await street.atHome('bob', 'meters', 'read', '--json');
      if (code === 0 && stdout.includes('energyImport')) firstReadingMs = performance.now() - started;
      if (performance.now() - started > 20_000) throw new Error(`no reading in 20 s: ${stdout}`);
    }
    const status = await readFile(`/proc/${street.agents.get('bob')?.pid}/status`, 'utf8');
    const residentKb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    return [
      { name: 'an agent, from its start to the broker', value: connectedMs, unit: 'ms' },
      { name: 'an agent, from its start to the first reading shown', value: firstReadingMs, unit: 'ms' },
      { name: 'an agent with three meters, resident', value: residentKb / 1000, unit: 'MB' },
    ];
  } finally {
    await street.close();
    await rm(folder, { recursive: true });
  }
}
