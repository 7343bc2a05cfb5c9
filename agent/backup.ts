/**
 * A backup is one file: a copy of the database as of one instant, with the identity key and the configuration in a
 * table of their own. No agreement key: what was sealed for this home cannot be opened with it.
 */
import { closeSync, copyFileSync, existsSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { parse } from 'yaml';
import { databasePath } from './data-paths.ts';
import { AgentError, reasonOf } from './errors.ts';
import { identityPath } from './keys.ts';
import { erasePrivate, flush, readPrivate, writePrivate } from './private-file.ts';
import { openDatabase, removeDatabase } from './store/database.ts';
import { dropCopies } from './store/good-copy.ts';
import { migrations } from './store/migrations.ts';

/**
 * Beside a running agent, too: it goes on meanwhile.
 * @param file must not be there yet
 * @throws {AgentError} NEVER_STARTED, BACKUP_FAILED, DATABASE_*, KEY_FILE_*
 */
export function makeBackup({ dataDir, path: config }: { dataDir: string; path: string }, file: string): void {
  const path = databasePath(dataDir);
  const identity = readPrivate(identityPath(dataDir));
  if (!existsSync(path) || identity === undefined) throw new AgentError('NEVER_STARTED', { path: dataDir, config });
  const source = openDatabase(path, migrations, { readonly: true });
  let isNew = false;
  try {
    // Made first, so that it is nobody else's from the beginning.
    closeSync(openSync(file, 'wx', 0o600));
    isNew = true;
    source.prepare('VACUUM INTO ?').run(file);
    addFiles(file, { 'identity.pem': identity, 'agent.yaml': readFileSync(config, 'utf8') });
  } catch (error) {
    if (isNew) for (const name of [file, `${file}-journal`]) rmSync(name, { force: true });
    throw new AgentError('BACKUP_FAILED', { file, why: reasonOf(error) }, { cause: error });
  } finally {
    source.close();
  }
}

/** Of a file that was found whole. */
export interface Backup {
  readonly file: string;
  readonly identity: string;
  /** The home that it is of. */
  readonly home: string;
  /** The text of agent.yaml. */
  readonly config: string;
}

/** @throws {AgentError} BACKUP_UNREADABLE */
export function readBackup(file: string): Backup {
  let database: Sqlite.Database | undefined;
  try {
    database = new Sqlite(file, { readonly: true });
    if (database.pragma('integrity_check', { simple: true }) !== 'ok') throw new Error('it is damaged');
    const text = database.prepare<[string], string>('SELECT text FROM backup_files WHERE name = ?').pluck();
    const [identity, config] = [text.get('identity.pem'), text.get('agent.yaml')];
    if (identity === undefined || config === undefined) throw new Error('it is not whole');
    return { file, identity, config, home: homeIn(config) };
  } catch (error) {
    throw new AgentError('BACKUP_UNREADABLE', { file, why: reasonOf(error) }, { cause: error });
  } finally {
    database?.close();
  }
}

/**
 * Puts a backup into a data folder that the caller holds. A power cut in the middle leaves a folder whose files are
 * not of one time, which the agent's start takes for a restore as well.
 * @param note what is to be on the disk of the database before it takes its place
 * @throws {AgentError} RESTORE_FAILED, DATABASE_NEWER, KEY_FILE_UNUSABLE
 */
export function restoreBackup(
  { file, identity }: Pick<Backup, 'file' | 'identity'>,
  dataDir: string,
  note: (database: Sqlite.Database) => void,
): void {
  const path = databasePath(dataDir);
  const beside = `${path}.new`;
  try {
    removeDatabase(beside);
    copyFileSync(file, beside);
    dropFiles(beside);
    const database = openDatabase(beside, migrations);
    try {
      note(database);
    } finally {
      // The last to close it takes its write-ahead log into it.
      database.close();
    }
    for (const name of readdirSync(dataDir)) if (/^agreement-\d+\.key$/.test(name)) erasePrivate(join(dataDir, name));
    // The log of one database must never meet another.
    dropCopies(path);
    removeDatabase(path);
    writePrivate(identityPath(dataDir), identity);
    flush(beside);
    renameSync(beside, path);
    flush(dataDir);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError('RESTORE_FAILED', { file, path: dataDir, why: reasonOf(error) }, { cause: error });
  } finally {
    if (existsSync(path)) removeDatabase(beside);
  }
}

/** @throws where there is none */
function homeIn(config: string): string {
  const { home } = parse(config) as { home?: unknown };
  if (typeof home !== 'string') throw new Error('its configuration names no home');
  return home;
}

function addFiles(file: string, files: Readonly<Record<string, string>>): void {
  const copy = new Sqlite(file);
  try {
    copy.pragma('synchronous = FULL');
    copy.exec('CREATE TABLE backup_files (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT');
    const add = copy.prepare('INSERT INTO backup_files (name, text) VALUES (?, ?)');
    for (const [name, text] of Object.entries(files)) add.run(name, text);
  } finally {
    copy.close();
  }
  flush(file);
}

/** The identity key is in a file of its own again; its bytes go from the pages, too. */
function dropFiles(file: string): void {
  const copy = new Sqlite(file);
  try {
    copy.pragma('secure_delete = ON');
    copy.exec('DROP TABLE backup_files; VACUUM');
  } finally {
    copy.close();
  }
}
