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
import { onceUsable } from './once-usable.ts';
import { Plugs } from './plugs/plugs.ts';
import { startPolling } from './polling/polling.ts';
import { ClockDoubts } from './store/clock-doubts.ts';
import { CopyKeeper } from './store/copy-keeper.ts';
import { type Database, openDatabase } from './store/database.ts';
import { DeviceBook } from './store/device-book.ts';
import { configuredDevices } from './store/device-store.ts';
import { goBackToCopy, needsCopy } from './store/good-copy.ts';
import { lastInstant } from './store/last-instant.ts';
import { migrations } from './store/migrations.ts';
import { ReadingStore } from './store/reading-store.ts';
import { ReadingTiers } from './store/reading-tiers.ts';
import { freeBytesOn, retentionOf, startRetention } from './store/retention.ts';
import { HomeTensors } from './store/tensor-store.ts';
import { isSynchronised } from './time/synchronised.ts';
import { steppedTime, TimeWatch } from './time/time-watch.ts';
import { Troubles } from './troubles.ts';

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
  const troubles = new Troubles({ clock, log });
  const { folder, database, restored } = await onceUsable(config.dataDir, troubles, () => openStorage(config, clock));
  atEnd(() => folder.release());
  atEnd(() => void database.close());
  if (restored !== undefined) troubles.begin('restored', restored);
  const watch = watchTime(clock, database, troubles, log);
  const time = watch ?? steppedTime;
  const book = new DeviceBook(database, configuredDevices(config));
  const devices = book.known;
  const readings = new ReadingStore(database);
  const tensors = new HomeTensors({ database, settings: config, devices, readings, clock });
  const retention = startRetention({
    tiers: new ReadingTiers(database),
    retention: retentionOf(config),
    dataDir: config.dataDir,
    freeBytes: () => freeBytesOn(config.dataDir),
    ...{ clock, troubles },
  });
  atEnd(() => retention.close());
  const identified = deviceTeller(book, tensors, clock, log);
  const polling = startPolling({ settings: config, devices, readings, identified, clock, time, troubles, log });
  atEnd(() => polling.close());
  const plugs = new Plugs({ settings: config, busOf: (id) => polling.busOf(id), clock, log });
  atEnd(() => plugs.close());
  const copies = new CopyKeeper({ database, path: databasePath(config.dataDir), clock, troubles });
  atEnd(() => copies.close());
  const own = { config, clock, time, troubles, log, database, tensors };
  const home = await startHome({ ...own, random: randomBytes, version });
  atEnd(() => home.close());
  watch?.start(({ trusted, since }) => {
    if (trusted && since !== undefined) new ClockDoubts(database).keep(since, clock.now());
    polling.clockSet();
    home.clockSet();
  });
  atEnd(() => watch?.close());
  const states = () => polling.states();
  const control = await serveControl(
    socket,
    handlersOf({ ...own, settings: config, devices, readings, states, plugs, home, version }),
    log,
  );
  atEnd(() => control.close());
}

/** The folder, held, and a database that is sound. */
function openStorage({ dataDir }: AgentConfig, clock: Clock) {
  const path = databasePath(dataDir);
  const folder = holdDataFolder(dataDir);
  try {
    const why = needsCopy(path);
    const copied = why === undefined ? undefined : goBackToCopy(path, migrations, why, clock.now());
    const restored =
      why === undefined || copied === undefined
        ? undefined
        : new AgentError('DATABASE_RESTORED', { why, copied: new Date(copied).toISOString() });
    return { folder, database: openDatabase(path, migrations), restored };
  } catch (error) {
    folder.release();
    throw error;
  }
}

/** None where time is stepped by hand. */
function watchTime(clock: Clock, database: Database, troubles: Troubles, log: Logger): TimeWatch | undefined {
  const { elapsed } = clock;
  if (elapsed === undefined) return undefined;
  return new TimeWatch({ clock, elapsed, isSynchronised, stored: lastInstant(database), troubles, log });
}

/** A device has said its serial number. */
function deviceTeller(book: DeviceBook, tensors: HomeTensors, clock: Clock, log: Logger) {
  return (device: string, serial: string) => {
    const identity = book.identified(device, serial, clock.now());
    if (identity === 'same') return;
    if (identity !== 'known') {
      const told = new AgentError(identity === 'other' ? 'METER_CHANGED' : 'SERIAL_SHARED', { device });
      log.warn({ code: told.code, device }, `${told.message}. What to do: ${told.remedy}`);
    }
    if (identity !== 'shared') tensors.sourceChanged();
  };
}
