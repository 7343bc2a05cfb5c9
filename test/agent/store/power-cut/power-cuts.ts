/**
 * Cuts the power of a process that stores, at any call and with any part of what is under way on the disk, and looks
 * with the agent's own code for what was acknowledged.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomShares } from '../../../random.ts';
import { Disk } from './disk.ts';
import { isThere, Stores } from './steps.ts';
import { type DiskCall, recordCalls } from './system-calls.ts';

export interface Cuts {
  readonly cuts: number;
  /** Cuts after which something acknowledged was not there, or the database not sound. */
  readonly lossy: number;
  /** Steps that were looked for, over all cuts. */
  readonly steps: number;
  readonly lost: number;
  readonly unsound: number;
}

const writer = fileURLToPath(new URL('./writer.ts', import.meta.url));

/** @param synchronous what SQLite is set to after each start; left out: as the agent opens it */
export function cutPower(
  cuts: number,
  { steps, seed, synchronous = 'as it opens' }: { steps: number; seed: number; synchronous?: string },
): Cuts {
  const folder = mkdtempSync(join(tmpdir(), 'wattveil-cut-'));
  try {
    const calls = record(folder, steps, synchronous);
    const random = randomShares(seed);
    const ends = Array.from({ length: cuts }, () => Math.floor(random() * (calls.length + 1))).sort((a, b) => a - b);
    const total = { cuts, lossy: 0, steps: 0, lost: 0, unsound: 0 };
    const disk = new Disk();
    let [done, acknowledged] = [0, 0];
    for (const end of ends) {
      for (; done < end; done++) {
        const call = calls[done] as DiskCall;
        if (isAcknowledgement(call)) acknowledged += 1;
        else disk.do(call);
      }
      const { lost, sound } = lookAt(join(folder, 'found'), disk.afterPowerCut(random), acknowledged);
      total.steps += acknowledged;
      total.lost += lost;
      total.unsound += sound ? 0 : 1;
      total.lossy += lost > 0 || !sound ? 1 : 0;
    }
    return total;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function record(folder: string, steps: number, synchronous: string): DiskCall[] {
  const [home, traces] = [join(folder, 'home'), join(folder, 'traces')];
  for (const made of [home, traces]) mkdirSync(made);
  const words = [join(home, 'agent.db'), join(home, 'acknowledged'), String(steps), synchronous];
  const calls = recordCalls(['--import', 'tsx', writer, ...words], home, traces);
  rmSync(traces, { recursive: true });
  const acknowledged = calls.filter(isAcknowledgement).length;
  if (acknowledged !== steps) throw new Error(`expected ${steps} steps in the record, got ${acknowledged}`);
  // What processes share by it is made anew at the first start after a power cut.
  return calls.filter(({ path }) => !path.endsWith('-shm'));
}

function isAcknowledgement(call: DiskCall): boolean {
  return call.call === 'append' && basename(call.path) === 'acknowledged';
}

/** Steps are acknowledged in their order. */
function lookAt(folder: string, files: ReadonlyMap<string, Buffer>, acknowledged: number) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [path, content] of files) writeFileSync(join(folder, basename(path)), content);
  let lost = acknowledged;
  try {
    const stores = new Stores(join(folder, 'agent.db'));
    try {
      const sound = stores.database.pragma('quick_check', { simple: true }) === 'ok';
      for (let step = 0; step < acknowledged; step++) if (isThere(stores, step)) lost -= 1;
      return { lost, sound };
    } finally {
      stores.database.close();
    }
  } catch {
    // It does not even open.
    return { lost, sound: false };
  }
}
