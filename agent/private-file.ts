/**
 * Files that hold a private key: for their owner alone, whole or not there, and overwritten when they go.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AgentError, reasonOf } from './errors.ts';

/** @returns undefined where there is none. @throws {AgentError} KEY_FILE_OPEN, KEY_FILE_UNUSABLE */
export function readPrivate(path: string): string | undefined {
  try {
    const mode = statSync(path).mode & 0o777;
    if ((mode & 0o077) !== 0) throw new AgentError('KEY_FILE_OPEN', { path, mode: mode.toString(8) });
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof AgentError) throw error;
    if (isMissing(error)) return undefined;
    throw unusable(path, error);
  }
}

/** Whole or not at all, also after a power cut. @throws {AgentError} KEY_FILE_UNUSABLE */
export function writePrivate(path: string, text: string): void {
  const beside = `${path}.new`;
  try {
    rmSync(beside, { force: true });
    withFile(beside, 'wx', (file) => {
      writeSync(file, text);
      fsyncSync(file);
    });
    renameSync(beside, path);
    flush(dirname(path));
  } catch (error) {
    throw unusable(path, error);
  }
}

/**
 * Overwrites and removes it; none is fine too. The best a program can do: an SD card may keep the old block for a
 * while, out of reach of any file.
 * @throws {AgentError} KEY_FILE_UNUSABLE
 */
export function erasePrivate(path: string): void {
  try {
    withFile(path, 'r+', (file) => {
      writeSync(file, new Uint8Array(fstatSync(file).size));
      fsyncSync(file);
    });
    rmSync(path);
    flush(dirname(path));
  } catch (error) {
    if (!isMissing(error)) throw unusable(path, error);
  }
}

/** The key that a file holds; what stands there in its place is not quoted. @throws {AgentError} KEY_FILE_UNUSABLE */
export function keyIn<Key>(path: string, read: () => Key): Key {
  try {
    return read();
  } catch (error) {
    const why = `it holds no key (${error instanceof Error ? error.name : 'unreadable'})`;
    throw new AgentError('KEY_FILE_UNUSABLE', { path, why });
  }
}

/** A file, or the names in a folder, is on the disk after this. */
export function flush(path: string): void {
  withFile(path, 'r', fsyncSync);
}

function withFile(path: string, flags: string, work: (file: number) => void): void {
  const file = openSync(path, flags, 0o600);
  try {
    work(file);
  } finally {
    closeSync(file);
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

function unusable(path: string, error: unknown): AgentError {
  return new AgentError('KEY_FILE_UNUSABLE', { path, why: reasonOf(error) }, { cause: error });
}
