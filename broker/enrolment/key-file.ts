/**
 * An Ed25519 private key in a file of its own, readable by its owner alone.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { BrokerError } from '../errors.ts';
import { generateSigningKey, type SigningKey, signingKeyFromPem } from '../protocol/signing.ts';

/**
 * @param mayCreate false where homes trust a key already: a new one in its place would lock them all out
 * @throws {BrokerError} KEY_FILE_UNUSABLE
 */
export function openKeyFile(path: string, mayCreate: boolean): SigningKey {
  const refuse = (why: string, cause?: unknown) =>
    new BrokerError('KEY_FILE_UNUSABLE', { path, why }, cause === undefined ? {} : { cause });
  let pem: string;
  try {
    const mode = statSync(path).mode & 0o777;
    if ((mode & 0o077) !== 0) throw refuse(`others may read it (mode ${mode.toString(8)})`);
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof BrokerError) throw error;
    if (!isMissing(error)) throw refuse(error instanceof Error ? error.message : String(error), error);
    if (!mayCreate) throw refuse('it is missing, though homes are enrolled with it', error);
    return createKeyFile(path);
  }
  try {
    return signingKeyFromPem(pem);
  } catch {
    // The parser's own text stays out: it may quote what it read.
    throw refuse('it holds no Ed25519 key');
  }
}

function createKeyFile(path: string): SigningKey {
  const key = generateSigningKey();
  // Whole or not at all, whatever happens in between.
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(file, key.exportPkcs8Pem());
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return key;
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
