/**
 * Answers the commands that only read while no agent runs: from its database, opened read-only.
 */
import { existsSync } from 'node:fs';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { AgentConfig } from '../config.ts';
import { databasePath } from '../data-paths.ts';
import { AgentError } from '../errors.ts';
import { openDatabase } from '../store/database.ts';
import { configuredDevices, knownDevices } from '../store/device-store.ts';
import { migrations } from '../store/migrations.ts';
import { ReadingStore } from '../store/reading-store.ts';
import { HomeTensors } from '../store/tensor-store.ts';
import type { ReadingHandlers } from './commands.ts';
import { readingHandlers } from './reading-handlers.ts';

/** @throws {AgentError} NEVER_STARTED, DATABASE_* */
export async function readOffline<Given>(
  config: AgentConfig,
  clock: Clock,
  read: (handlers: ReadingHandlers) => Given | Promise<Given>,
): Promise<Given> {
  const path = databasePath(config.dataDir);
  if (!existsSync(path)) throw new AgentError('NEVER_STARTED', { path: config.dataDir, config: config.path });
  const database = openDatabase(path, migrations, { readonly: true });
  try {
    const devices = knownDevices(database, configuredDevices(config));
    const readings = new ReadingStore(database);
    const tensors = new HomeTensors({ database, settings: config, devices, readings, clock });
    return await read(readingHandlers({ settings: config, database, devices, readings, tensors, clock }));
  } finally {
    database.close();
  }
}
