/**
 * What it means for the owner that the database took nothing.
 */
import Sqlite from 'better-sqlite3';
import { diskTrouble } from '../disk-trouble.ts';
import { AgentError, type AgentErrorCode, reasonOf } from '../errors.ts';

/** By the beginning of SQLite's own code. */
const meanings: readonly (readonly [string, AgentErrorCode])[] = [
  ['SQLITE_FULL', 'DISK_FULL'],
  ['SQLITE_READONLY', 'DISK_READ_ONLY'],
  ['SQLITE_CORRUPT', 'DATABASE_DAMAGED'],
  ['SQLITE_NOTADB', 'DATABASE_DAMAGED'],
];

/** @param dataDir written on, where SQLite itself does not say what is wrong */
export function writeFailure(error: unknown, dataDir: string): AgentError {
  const found = error instanceof Sqlite.SqliteError ? error.code : '';
  const meaning = meanings.find(([code]) => found.startsWith(code))?.[1];
  if (meaning === undefined) {
    const trouble = isWriteFailure(error) ? diskTrouble(dataDir) : undefined;
    return trouble ?? new AgentError('DATABASE_WRITE_FAILED', { why: reasonOf(error) }, { cause: error });
  }
  return new AgentError(meaning, { why: reasonOf(error) }, { cause: error });
}

export function isFull(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_FULL');
}

export function isWriteFailure(error: unknown): boolean {
  return (
    error instanceof Sqlite.SqliteError && /^SQLITE_(FULL|READONLY|IOERR|CORRUPT|NOTADB|CANTOPEN)/.test(error.code)
  );
}
