/**
 * Opens the agent's one SQLite file: durable by settings that are checked, its tables brought up to date.
 */
import { closeSync, openSync, rmSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { AgentError, reasonOf } from '../errors.ts';

export type Database = Sqlite.Database;

/** Of a connection. The system has the file in memory too; better-sqlite3 by itself takes 16 MB more. */
export const cacheKb = 2_000;

/** Applied once, in the order of the list, each in a transaction of its own. One that was released never changes. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** What SQL cannot say: done after it, in the same transaction. */
  readonly also?: (database: Database) => void;
}

/** @throws {AgentError} DATABASE_UNREADABLE, DATABASE_NOT_DURABLE, DATABASE_NEWER, DATABASE_OLDER */
export function openDatabase(
  path: string,
  migrations: readonly Migration[],
  { readonly = false }: { readonly?: boolean } = {},
): Database {
  const database = open(path, readonly);
  try {
    if (readonly) assertCurrent(database, path, migrations);
    else migrate(database, path, migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function open(path: string, readonly: boolean): Database {
  let database: Database | undefined;
  try {
    // Made first, so that it is nobody else's from the beginning; SQLite gives its side files the same mode.
    if (!readonly) closeSync(openSync(path, 'a', 0o600));
    database = new Sqlite(path, { readonly, fileMustExist: readonly });
    database.pragma(`cache_size = -${cacheKb}`);
    // Also the first real look at the file: one that is no database is found out here.
    database.pragma('journal_mode = WAL');
    // better-sqlite3 opens an existing WAL file with 1 (NORMAL), which forgets acknowledged rows at a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    // What is deleted is zeroed where that costs no writing: the rest when its owner wants it gone.
    database.pragma('secure_delete = FAST');
    assertDurable(database, path);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof AgentError) throw error;
    throw new AgentError('DATABASE_UNREADABLE', { path, why: reasonOf(error) }, { cause: error });
  }
}

function assertDurable(database: Database, path: string): void {
  const journal = database.pragma('journal_mode', { simple: true });
  const synchronous = database.pragma('synchronous', { simple: true });
  if (journal !== 'wal' || synchronous !== 2) {
    const found = `journal_mode ${String(journal)}, synchronous ${String(synchronous)}`;
    throw new AgentError('DATABASE_NOT_DURABLE', { path, found });
  }
}

function migrate(database: Database, path: string, migrations: readonly Migration[]): void {
  database.exec('CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT');
  const applied = appliedIn(database, path, migrations);
  const record = database.prepare('INSERT INTO migrations (name) VALUES (?)');
  for (const migration of migrations) {
    if (applied.has(migration.name)) continue;
    database.transaction(() => {
      database.exec(migration.sql);
      migration.also?.(database);
      record.run(migration.name);
    })();
  }
}

function assertCurrent(database: Database, path: string, migrations: readonly Migration[]): void {
  const hasTable = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get() !== undefined;
  const applied = hasTable ? appliedIn(database, path, migrations) : new Set<string>();
  const missing = migrations.find((migration) => !applied.has(migration.name));
  if (missing !== undefined) throw new AgentError('DATABASE_OLDER', { path, migration: missing.name });
}

function appliedIn(database: Database, path: string, migrations: readonly Migration[]): Set<string> {
  const names = database.prepare<[], { name: string }>('SELECT name FROM migrations').all();
  const unknown = names.find(({ name }) => !migrations.some((migration) => migration.name === name));
  if (unknown !== undefined) throw new AgentError('DATABASE_NEWER', { path, migration: unknown.name });
  return new Set(names.map(({ name }) => name));
}

/** With what SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${end}`, { force: true });
}
