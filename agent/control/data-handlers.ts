/**
 * The commands by which a household takes out or deletes what is held of it.
 */
import { type Clock, epochMs } from '../../broker/protocol/clock.ts';
import type { Settings } from '../config-schema.ts';
import { databasePath } from '../data-paths.ts';
import type { Database } from '../store/database.ts';
import { dropCopies } from '../store/good-copy.ts';
import { HeldData, type Wanted } from '../store/held-data.ts';
import { countReleases } from '../store/ledger.ts';
import type { ReadingStore } from '../store/reading-store.ts';
import type { HomeTensors } from '../store/tensor-store.ts';
import type { Handlers, ReadingHandlers } from './commands.ts';

export interface DataParts {
  readonly database: Database;
  readonly readings: ReadingStore;
  readonly tensors: HomeTensors;
  readonly clock: Clock;
  readonly config: Pick<Settings, 'dataDir'>;
}

type Asked = { device?: string | undefined; from?: number | undefined; until?: number | undefined };

export function dataReadingHandlers({ database, readings }: Pick<DataParts, 'database' | 'readings'>) {
  const held = new HeldData(database, readings);
  return {
    'data held': (asks) => held.list(wantedBy(asks)),
    'data read': ({ series, from, until }) => held.read(series, { from, until }),
  } satisfies Partial<ReadingHandlers>;
}

export function dataHandlers({ database, readings, tensors, clock, config: { dataDir } }: DataParts) {
  const held = new HeldData(database, readings);
  return {
    'data delete': (asks) => {
      try {
        return { ...held.erase(wantedBy(asks), epochMs(clock.now())), releases: countReleases(database) };
      } finally {
        dropCopies(databasePath(dataDir));
        tensors.dataErased();
      }
    },
  } satisfies Partial<Handlers>;
}

const wantedBy = ({ device, from = 0, until = Number.MAX_SAFE_INTEGER }: Asked): Wanted => ({ device, from, until });
