/**
 * Opens the broker's one SQLite file: durable by settings that are checked, its tables brought up to date.
 */
import Sqlite from 'better-sqlite3';
import { BrokerError } from '../errors.ts';

export type Database = Sqlite.Database;

/** Applied once, in the order of the list, each in a transaction of its own. A migration that was released never changes. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** @throws {BrokerError} DATABASE_UNREADABLE, DATABASE_NOT_DURABLE, DATABASE_NEWER */
export function openDatabase(path: string, migrations: readonly Migration[]): Database {
  const database = open(path);
  try {
    assertDurable(database, path);
    migrate(database, path, migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function open(path: string): Database {
  let database: Database | undefined;
  try {
    database = new Sqlite(path);
    database.pragma('journal_mode = WAL');
    // better-sqlite3 opens an existing WAL file with 1 (NORMAL), which forgets acknowledged rows at a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    return database;
  } catch (error) {
    database?.close();
    throw new BrokerError('DATABASE_UNREADABLE', { path, why: reasonOf(error) }, { cause: error });
  }
}

function assertDurable(database: Database, path: string): void {
  const journal = database.pragma('journal_mode', { simple: true });
  const synchronous = database.pragma('synchronous', { simple: true });
  if (journal !== 'wal' || synchronous !== 2) {
    throw new BrokerError('DATABASE_NOT_DURABLE', {
      path,
      found: `journal_mode ${String(journal)}, synchronous ${String(synchronous)}`,
    });
  }
}

function migrate(database: Database, path: string, migrations: readonly Migration[]): void {
  database.exec('CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT');
  const applied = new Set(
    (database.prepare('SELECT name FROM migrations').all() as { name: string }[]).map((row) => row.name),
  );
  const unknown = [...applied].find((name) => !migrations.some((migration) => migration.name === name));
  if (unknown !== undefined) throw new BrokerError('DATABASE_NEWER', { path, migration: unknown });
  const record = database.prepare('INSERT INTO migrations (name) VALUES (?)');
  for (const migration of migrations) {
    if (applied.has(migration.name)) continue;
    database.transaction(() => {
      database.exec(migration.sql);
      record.run(migration.name);
    })();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
