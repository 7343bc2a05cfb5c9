/**
 * The last good copy of the database, beside it: what the agent goes back to when the database is damaged.
 */
import { execFile } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import Sqlite from 'better-sqlite3';
import type { EpochMs } from '../../broker/protocol/clock.ts';
import { AgentError } from '../errors.ts';
import { flush } from '../private-file.ts';
import { cacheKb, type Database, type Migration, openDatabase, removeDatabase } from './database.ts';
import { noteRestore } from './restores.ts';

export const copyPath = (path: string) => `${path}.copy`;
/** As it was found, for whoever wants to look into it. One is kept, the last. */
export const damagedPath = (path: string) => `${path}.damaged`;
/** There from the moment in which going back begins to the one in which it is done. */
const goingBackPath = (path: string) => `${path}.going-back`;

/**
 * Copies the database while it is used; the copy before stays until the new one is known to be sound.
 * @throws {AgentError} DATABASE_DAMAGED; {SqliteError} where it is damaged, or there is no room
 */
export async function keepGoodCopy(path: string): Promise<void> {
  const fresh = `${copyPath(path)}.new`;
  try {
    rmSync(fresh, { force: true });
    // Made first, so that it is nobody else's from the beginning.
    closeSync(openSync(fresh, 'w', 0o600));
    await copySound(path, fresh);
    flush(fresh);
    renameSync(fresh, copyPath(path));
    flush(dirname(path));
  } finally {
    removeDatabase(fresh);
  }
}

/** What was deleted, or another home's, is not to be kept in a copy, nor in a damaged database that was set aside. */
export function dropCopies(path: string): void {
  for (const copy of [copyPath(path), damagedPath(path)]) {
    removeDatabase(copy);
  }
  rmSync(goingBackPath(path), { force: true });
}

/** Undefined for a sound database. Reads all of it. */
export function damageIn(path: string): string | undefined {
  let database: Database | undefined;
  try {
    database = new Sqlite(path, { fileMustExist: true });
    database.pragma('synchronous = FULL');
    database.pragma(`cache_size = -${cacheKb}`);
    const found = String(database.pragma('quick_check(1)', { simple: true }));
    return found === 'ok' ? undefined : found;
  } catch (error) {
    if (isDamage(error)) return (error as Error).message;
    throw error;
  } finally {
    database?.close();
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

/** Whether the agent cannot go on with what is there: damaged, gone though there is a copy, or going back was cut off. */
export function needsCopy(path: string): string | undefined {
  if (existsSync(goingBackPath(path))) return 'the agent was going back to its last good copy';
  if (!existsSync(path)) return existsSync(copyPath(path)) ? 'it is gone' : undefined;
  return damageIn(path);
}

/**
 * Puts the last good copy in the place of the database, and notes in it that it is an older one. Cut off at any point,
 * it is done again at the next start.
 * @returns when the copy was made
 * @throws {AgentError} DATABASE_LOST
 */
export function goBackToCopy(path: string, migrations: readonly Migration[], why: string, now: EpochMs): EpochMs {
  const copy = copyPath(path);
  if (!existsSync(copy)) throw new AgentError('DATABASE_LOST', { path, why, copy: 'there is none' });
  const worse = damageIn(copy);
  if (worse !== undefined) throw new AgentError('DATABASE_LOST', { path, why, copy: `it is damaged too: ${worse}` });
  const prepared = `${path}.prepared`;
  closeSync(openSync(goingBackPath(path), 'w', 0o600));
  flush(dirname(path));
  removeDatabase(prepared);
  copyFileSync(copy, prepared);
  const database = openDatabase(prepared, migrations);
  noteRestore(database, { at: now, cause: 'database-copy' });
  database.close();
  flush(prepared);
  setAside(path);
  renameSync(prepared, path);
  flush(dirname(path));
  rmSync(goingBackPath(path));
  return statSync(copy).mtimeMs as EpochMs;
}

/** Under another name. What was under way to the damaged one must not get into the copy. */
function setAside(path: string): void {
  removeDatabase(damagedPath(path));
  if (existsSync(path)) linkSync(path, damagedPath(path));
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${damagedPath(path)}-wal`);
  rmSync(`${path}-shm`, { force: true });
}

/**
 * As of one instant, and checked. In a process of its own: it reads all of the file, for seconds in which polling goes
 * on, and the memory that it takes is given back.
 */
const copier = `
  const [sqlite, from, to] = process.argv.slice(1);
  const Sqlite = require(sqlite);
  try {
    const source = new Sqlite(from, { readonly: true });
    source.prepare('VACUUM INTO ?').run(to);
    source.close();
    const copy = new Sqlite(to);
    tell({ found: copy.pragma('quick_check(1)', { simple: true }) });
    copy.close();
  } catch (error) {
    tell({ code: String(error.code), why: error.message });
  }
  function tell(what) {
    process.stdout.write(JSON.stringify(what));
  }`;

async function copySound(from: string, to: string): Promise<void> {
  const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', copier, '--', sqlite, from, to]);
  const told = JSON.parse(stdout) as { found: string } | { code: string; why: string };
  if ('code' in told) throw new Sqlite.SqliteError(told.why, told.code);
  if (told.found !== 'ok') throw new AgentError('DATABASE_DAMAGED', { why: told.found });
}
