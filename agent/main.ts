/**
 * Builds the agent out of its parts and starts it. Nobody else wires, and only the command `agent run` loads this.
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../broker/protocol/clock.ts';
import type { AgentConfig } from './config.ts';
import { handlersOf } from './control/handlers.ts';
import { serveControl } from './control/server.ts';
import { holdDataFolder } from './data-folder.ts';
import { databasePath, socketPath } from './data-paths.ts';
import { AgentError } from './errors.ts';
import { startHome } from './home.ts';
import { Plugs } from './plugs/plugs.ts';
import { startPolling } from './polling/polling.ts';
import { openDatabase } from './store/database.ts';
import { DeviceBook } from './store/device-book.ts';
import { configuredDevices } from './store/device-store.ts';
import { migrations } from './store/migrations.ts';
import { ReadingStore } from './store/reading-store.ts';
import { HomeTensors } from './store/tensor-store.ts';

export interface RunningAgent {
  /** Ends what runs, and waits for it. */
  close(): Promise<void>;
}

/**
 * @param version told to the coordinator
 * @throws {AgentError | HardwareError} what keeps the agent from starting; nothing is left running then
 */
export async function runAgent(
  config: AgentConfig,
  clock: Clock,
  log: Logger,
  version = 'unversioned',
): Promise<RunningAgent> {
  const started: (() => void | Promise<void>)[] = [];
  // The last to be started is the first to end.
  const close = async () => {
    for (const end of started.splice(0).reverse()) await end();
  };
  try {
    await start(config, clock, log, version, (end) => started.push(end));
    log.info({ home: config.home, devices: config.devices.length }, 'the agent runs');
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  config: AgentConfig,
  clock: Clock,
  log: Logger,
  version: string,
  atEnd: (end: () => void | Promise<void>) => void,
): Promise<void> {
  const socket = socketPath(config.dataDir);
  const folder = holdDataFolder(config.dataDir);
  atEnd(() => folder.release());
  const database = openDatabase(databasePath(config.dataDir), migrations);
  atEnd(() => void database.close());
  const book = new DeviceBook(database, configuredDevices(config));
  const devices = book.known;
  const readings = new ReadingStore(database);
  const tensors = new HomeTensors({ database, settings: config, devices, readings, clock });
  const identified = (device: string, serial: string) => {
    const identity = book.identified(device, serial, clock.now());
    if (identity === 'same') return;
    if (identity !== 'known') {
      const told = new AgentError(identity === 'other' ? 'METER_CHANGED' : 'SERIAL_SHARED', { device });
      log.warn({ code: told.code, device }, `${told.message}. What to do: ${told.remedy}`);
    }
    if (identity !== 'shared') tensors.sourceChanged();
  };
  const polling = startPolling({ settings: config, devices, readings, identified, clock, log });
  atEnd(() => polling.close());
  const plugs = new Plugs({ settings: config, busOf: (id) => polling.busOf(id), clock, log });
  atEnd(() => plugs.close());
  const home = await startHome({ config, clock, log, database, tensors, random: randomBytes, version });
  atEnd(() => home.close());
  const states = () => polling.states();
  const parts = { settings: config, database, devices, readings, tensors, clock, states, plugs, home, version };
  const control = await serveControl(socket, handlersOf(parts), log);
  atEnd(() => control.close());
}
