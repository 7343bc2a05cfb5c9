/**
 * Deletes for good: no byte of what was deleted stays in the database's files.
 */
import { AgentError } from '../errors.ts';
import type { Database } from './database.ts';

/**
 * @param erase deletes rows, in one transaction
 * @throws {AgentError} ERASED_NOT_WHOLLY: deleted, but another program keeps the old pages
 */
export function eraseForGood<Erased>(database: Database, erase: () => Erased): Erased {
  database.pragma('secure_delete = ON');
  let erased: Erased;
  try {
    erased = database.transaction(erase)();
    overwriteFreePages(database);
  } finally {
    database.pragma('secure_delete = FAST');
  }
  // All that was written before is still in the write-ahead log, until the file has it and the log is cut off.
  const [{ busy } = { busy: 1 }] = database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
  if (busy !== 0) throw new AgentError('ERASED_NOT_WHOLLY');
  return erased;
}

/** Pages that were given up at any time before hold what they held until they are used again. */
function overwriteFreePages(database: Database): void {
  const [free, size] = ['freelist_count', 'page_size'].map((name) => Number(database.pragma(name, { simple: true })));
  if (free === undefined || size === undefined || free === 0) return;
  database.transaction(() => {
    database.exec('CREATE TABLE zeros (zeros BLOB) STRICT');
    const insert = database.prepare('INSERT INTO zeros (zeros) VALUES (zeroblob(?))');
    const longest = 64 * 1024 * 1024;
    for (let bytes = free * size; bytes > 0; bytes -= longest) insert.run(Math.min(bytes, longest));
    database.exec('DROP TABLE zeros');
  })();
}
