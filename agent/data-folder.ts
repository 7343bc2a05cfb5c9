/**
 * The folder in which an agent keeps all it has: closed to others, and worked on by one agent at a time.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { AgentError, reasonOf } from './errors.ts';

const lockPath = (dataDir: string) => join(dataDir, 'agent.lock');
const pidPath = (dataDir: string) => join(dataDir, 'agent.pid');

export interface DataFolder {
  /** Lets another agent have it. */
  release(): void;
}

/**
 * Makes the folder where there is none, and holds it until it is released or the process ends, however it ends.
 * @throws {AgentError} DATA_FOLDER_*
 */
export function holdDataFolder(dataDir: string): DataFolder {
  makeFolder(dataDir);
  const lock = takeLock(dataDir);
  try {
    writeFileSync(pidPath(dataDir), `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    lock.close();
    throw new AgentError('DATA_FOLDER_UNUSABLE', { path: dataDir, why: reasonOf(error) }, { cause: error });
  }
  return {
    release() {
      rmSync(pidPath(dataDir), { force: true });
      lock.close();
    },
  };
}

/**
 * Why nobody answers on the socket of this folder.
 * @returns AGENT_NOT_READY where a process holds it, else AGENT_NOT_RUNNING
 */
export function notAnswering({ dataDir, path: config }: { dataDir: string; path: string }): AgentError {
  try {
    // Looking makes no folder and no file.
    if (existsSync(lockPath(dataDir))) takeLock(dataDir).close();
  } catch (error) {
    if (error instanceof AgentError && error.code === 'DATA_FOLDER_IN_USE') {
      return new AgentError('AGENT_NOT_READY', { path: dataDir, pid: pidIn(dataDir) });
    }
  }
  return new AgentError('AGENT_NOT_RUNNING', { path: dataDir, config });
}

function makeFolder(dataDir: string): void {
  let mode: number;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    mode = statSync(dataDir).mode & 0o777;
    // A folder that is ours or nobody's may be closed; anything else is not ours to lock others out of.
    if ((mode & 0o077) !== 0 && isOurs(dataDir)) {
      chmodSync(dataDir, 0o700);
      return;
    }
  } catch (error) {
    throw new AgentError('DATA_FOLDER_UNUSABLE', { path: dataDir, why: reasonOf(error) }, { cause: error });
  }
  if ((mode & 0o077) !== 0) throw new AgentError('DATA_FOLDER_OPEN', { path: dataDir, mode: mode.toString(8) });
}

function isOurs(dataDir: string): boolean {
  const names = readdirSync(dataDir);
  return names.length === 0 || names.includes('agent.lock');
}

/** The system takes such a lock from a process that ends, even by kill -9: none is ever left behind. */
function takeLock(dataDir: string): Sqlite.Database {
  let lock: Sqlite.Database | undefined;
  try {
    lock = new Sqlite(lockPath(dataDir), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new AgentError('DATA_FOLDER_IN_USE', { path: dataDir, pid: pidIn(dataDir) });
    }
    throw new AgentError('DATA_FOLDER_UNUSABLE', { path: dataDir, why: reasonOf(error) }, { cause: error });
  }
}

function pidIn(dataDir: string): string {
  try {
    return readFileSync(pidPath(dataDir), 'utf8').trim();
  } catch {
    // It holds the lock and has not got to writing it yet.
    return 'just starting';
  }
}
