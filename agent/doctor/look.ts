/**
 * Looks at the machine around an agent: its folder and files, disk, database, ports and broker. Changes nothing.
 */
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { agreementPath } from '../agreement-keys.ts';
import type { AgentConfig } from '../config.ts';
import type { BusSettings } from '../config-schema.ts';
import { AgentError, reasonOf, toldBy } from '../errors.ts';
import { identityPath } from '../keys.ts';
import { busConfigOf } from '../polling/device-config.ts';
import { AgreementKeyStore } from '../store/agreement-key-store.ts';
import type { Database } from '../store/database.ts';
import { HomeStore } from '../store/home-store.ts';
import { freeBytesOn } from '../store/retention.ts';
import { type Check, type Finding, well, wrong } from './finding.ts';
import { judgeDisk } from './judgements.ts';

export function lookAtFolder({ dataDir }: AgentConfig): Finding {
  try {
    const mode = modeOf(dataDir);
    if ((mode & 0o077) !== 0) {
      return wrong('folder', new AgentError('DATA_FOLDER_OPEN', { path: dataDir, mode: mode.toString(8) }));
    }
    const { uid: expected } = statSync(dataDir);
    const keys = readdirSync(dataDir).filter((name) => /\.(pem|key)$/.test(name));
    for (const path of keys.map((name) => join(dataDir, name))) {
      const open = modeOf(path);
      if ((open & 0o077) !== 0) {
        return wrong('folder', new AgentError('KEY_FILE_OPEN', { path, mode: open.toString(8) }));
      }
      const { uid: owner } = statSync(path);
      if (owner !== expected) {
        const why = `it belongs to user ${owner}, and the folder to user ${expected}`;
        return wrong('folder', new AgentError('KEY_FILE_UNUSABLE', { path, why }));
      }
    }
    return well('folder', `${dataDir} is closed to others`);
  } catch (error) {
    return unusable(dataDir, error);
  }
}

/** Whether each key that the database knows of has its file. */
export function lookAtKeys({ dataDir }: Pick<AgentConfig, 'dataDir'>, database: Database): Finding {
  const identity = identityPath(dataDir);
  if (new HomeStore(database).setting('identity') !== undefined && !existsSync(identity)) {
    return wrong('keys', new AgentError('KEY_FILE_MISSING', { path: identity }));
  }
  const held = new AgreementKeyStore(database).keys().filter(({ erased, publicKey }) => !erased && publicKey);
  const paths = held.map(({ sequence }) => agreementPath(dataDir, sequence));
  const gone = paths.find((path) => !existsSync(path));
  if (gone !== undefined) return wrong('keys', new AgentError('AGREEMENT_KEY_MISSING', { path: gone }));
  return well('keys', 'all that this home has made are there');
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

export function lookAtDisk({ dataDir }: AgentConfig): Finding {
  try {
    accessSync(dataDir, constants.W_OK);
    return judgeDisk(dataDir, freeBytesOn(dataDir));
  } catch (error) {
    return unusable(dataDir, error, 'disk');
  }
}

function unusable(path: string, error: unknown, check: Check = 'folder'): Finding {
  return wrong(check, new AgentError('DATA_FOLDER_UNUSABLE', { path, why: reasonOf(error) }));
}

/** Reads all of it: a gigabyte takes a while. */
export function lookAtDatabase(database: Database): Finding {
  const found = database.pragma('quick_check(1)', { simple: true });
  if (found === 'ok') return well('database', 'whole');
  return wrong('database', new AgentError('DATABASE_DAMAGED', { why: 'SQLite’s quick_check finds it so' }));
}

/** For a moment: where an agent runs it has the port. */
export async function lookAtPort(settings: BusSettings): Promise<Finding> {
  const { port } = settings;
  // Only here: serial ports take a while to load.
  const { endpointOf } = await import('../../hardware/bus/endpoint-of.ts');
  const { busDefaults } = await import('../../hardware/bus/bus-config.ts');
  try {
    const { endpoint } = endpointOf({ ...busDefaults, ...busConfigOf(settings) });
    const connection = await endpoint.open({ heard: () => {}, gone: () => {} });
    await connection.close();
    return well('port', `${port} opens`);
  } catch (error) {
    const told = toldBy(error);
    if (told === undefined) throw error;
    return wrong('port', told);
  }
}

const connectMs = 3_000;

/** Whether somebody listens there: who, only the agent finds out. */
export async function lookAtBroker({ broker }: AgentConfig): Promise<Finding> {
  const { hostname, port, protocol } = new URL(broker.url);
  const address = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'mqtts:' ? 8883 : 1883),
  };
  const why = await new Promise<string | undefined>((resolve) => {
    const socket = connect({ ...address, timeout: connectMs });
    socket.once('connect', () => resolve(undefined));
    socket.once('error', (error) => resolve(error.message));
    socket.once('timeout', () => resolve(`no connection within ${connectMs} ms`));
    socket.once('connect', () => socket.destroy()).once('timeout', () => socket.destroy());
  });
  if (why === undefined) return well('broker', `${broker.url} is reached`);
  return wrong('broker', new AgentError('BROKER_AWAY', { url: broker.url, why }));
}
