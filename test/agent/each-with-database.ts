/** A real database for each test of a file. */
import { afterEach, beforeEach } from 'vitest';
import type { Database } from '../../agent/store/database.ts';
import { openAgentDatabase, temporaryFolder } from './made-agent.ts';

/** @param take gets it before each test; it is closed and removed after it */
export function eachWithDatabase(take: (database: Database) => void): void {
  let folder: ReturnType<typeof temporaryFolder>;
  let database: Database;
  beforeEach(() => {
    folder = temporaryFolder();
    database = openAgentDatabase(folder.folder);
    take(database);
  });
  afterEach(() => {
    database.close();
    folder.remove();
  });
}
