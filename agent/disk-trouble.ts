/**
 * Finds out what is wrong with a disk by writing on it.
 */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError, reasonOf } from './errors.ts';

/** What opening the database needs, and some. */
const probe = Buffer.alloc(128 * 1024);

const meanings = { ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL', EROFS: 'DISK_READ_ONLY' } as const;

/** Undefined where the disk takes what is written, or what keeps it from that is nothing that passes. */
export function diskTrouble(dataDir: string): AgentError | undefined {
  const path = join(dataDir, '.probe');
  try {
    const file = openSync(path, 'w', 0o600);
    try {
      writeSync(file, probe);
      fsyncSync(file);
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
    }
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!Object.hasOwn(meanings, code)) return undefined;
    return new AgentError(meanings[code as keyof typeof meanings], { why: reasonOf(error) }, { cause: error });
  }
}
