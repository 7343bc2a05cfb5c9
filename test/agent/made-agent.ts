/** An agent's disk for tests: a folder of its own, the real database, real tensors entered by hand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OwnTensor } from '../../agent/policy/own-tensor.ts';
import type { Policy } from '../../agent/policy/policy.ts';
import { type Database, openDatabase } from '../../agent/store/database.ts';
import { migrations } from '../../agent/store/migrations.ts';
import { ReadingStore } from '../../agent/store/reading-store.ts';
import { HomeTensors } from '../../agent/store/tensor-store.ts';
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';

export const hour = 3_600_000;

export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'wattveil-agent-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function openAgentDatabase(folder: string): Database {
  return openDatabase(join(folder, 'agent.db'), migrations);
}

export function tensorsIn(database: Database): HomeTensors {
  return new HomeTensors({
    database,
    settings: { devices: [], tensors: [] },
    devices: new Map(),
    readings: new ReadingStore(database),
    // Later than all that is entered.
    clock: { now: () => epochMs(Number.MAX_SAFE_INTEGER) },
  });
}

/** Enters slots of 6 hours and publishes them. */
export function enter(
  tensors: HomeTensors,
  id: string,
  values: readonly number[],
  { tags = ['#energy-consumption'], from, publish = true }: { tags?: string[]; from: number; publish?: boolean },
): void {
  const entered: EpochMs = epochMs(from + values.length * 6 * hour);
  tensors.add(
    {
      id,
      tags,
      description: id,
      quantity: 'energyImport',
      unit: 'Wh',
      capacity: [3680, 0],
      from: epochMs(from),
      stepMs: 6 * hour,
      values,
    },
    entered,
  );
  if (publish) tensors.publish(id, undefined, entered);
}

export const lenientPolicy: Policy = {
  minContributors: 3,
  shortestSlotMs: 15 * 60_000,
  collusionDivisor: 3,
  mostHomes: 2500,
  histogram: false,
};

/** What a policy sees of a tensor, each part of which a test may replace. */
export function ownTensor(changes: Partial<OwnTensor> = {}): OwnTensor {
  const id = changes.id ?? 'fridge';
  return {
    id,
    tags: ['#energy-consumption', '#fridge'],
    quantity: 'energyImport',
    unit: 'Wh',
    capacity: [3680, 0],
    source: { device: `serial ${id}`, families: ['import'] },
    device: id,
    ancestors: [],
    published: true,
    shown: true,
    consentFrom: 0,
    ...changes,
  };
}
