/**
 * The broker's data folder: private, and used by one broker at a time.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { BrokerError } from '../errors.ts';

const lockName = 'broker.lock';

export interface DataFolder {
  /** The path of a file in it. */
  path(name: string): string;
  /** Lets another broker have it. */
  release(): void;
}

/** @throws {BrokerError} DATA_FOLDER_UNUSABLE, BROKER_RUNS_ALREADY */
export function takeDataFolder(folder: string): DataFolder {
  makePrivate(folder);
  const path = (name: string) => join(folder, name);
  const lock = takeLock(folder, path(lockName), path('broker.pid'));
  return { path, release: () => lock.close() };
}

function makePrivate(folder: string): void {
  let mode: number;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    mode = statSync(folder).mode & 0o777;
    // A folder that is ours or nobody's may be closed; anything else is not ours to lock others out of.
    if ((mode & 0o077) !== 0 && isOurs(folder)) {
      chmodSync(folder, 0o700);
      return;
    }
  } catch (error) {
    throw unusable(folder, error);
  }
  if ((mode & 0o077) !== 0) throw new BrokerError('DATA_FOLDER_OPEN', { folder, mode: mode.toString(8) });
}

function isOurs(folder: string): boolean {
  const names = readdirSync(folder);
  return names.length === 0 || names.includes(lockName);
}

/**
 * An SQLite lock: the system gives it back when the process ends, however it ends, so none is ever stale.
 * The pid stands in a file beside it, for the error only.
 */
function takeLock(folder: string, lockPath: string, pidPath: string): Sqlite.Database {
  let lock: Sqlite.Database | undefined;
  try {
    lock = new Sqlite(lockPath, { timeout: 0 });
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
    return lock;
  } catch (error) {
    lock?.close();
    if (!(error instanceof Sqlite.SqliteError) || error.code !== 'SQLITE_BUSY') throw unusable(folder, error);
    throw new BrokerError('BROKER_RUNS_ALREADY', { folder, hint: pidHint(pidPath) }, { cause: error });
  }
}

function pidHint(pidPath: string): string {
  try {
    return ` (process ${readFileSync(pidPath, 'utf8').trim()})`;
  } catch {
    return '';
  }
}

function unusable(folder: string, error: unknown): BrokerError {
  const why = error instanceof Error ? error.message : String(error);
  return new BrokerError('DATA_FOLDER_UNUSABLE', { folder, why }, { cause: error });
}
