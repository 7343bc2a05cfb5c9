/**
 * The home's private keys: an Ed25519 identity and an X25519 agreement key, each in a file of mode 0600 of the data
 * folder. Made at the first start; never in the database, never in a backup of it.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type AgreementSecret, agreementFromPrivate, generateAgreement } from '../broker/protocol/agreement.ts';
import { fromHex, toHex } from '../broker/protocol/hex.ts';
import { generateSigningKey, type SigningKey, signingKeyFromPem } from '../broker/protocol/signing.ts';
import { AgentError, reasonOf } from './errors.ts';
import type { HomeStore } from './store/home-store.ts';

export interface HomeKeys {
  readonly identity: SigningKey;
  readonly agreement: AgreementSecret;
  /** Of the agreement key. It rises with each new one. */
  readonly sequence: number;
}

const sequence = 1;

/**
 * Reads the keys, or makes them where neither file nor database knows of any.
 * @throws {AgentError} KEY_FILE_UNUSABLE, KEY_FILE_OPEN, KEY_FILE_MISSING, KEY_FILE_DIFFERS
 */
export function loadKeys(dataDir: string, store: HomeStore): HomeKeys {
  const identity = load(join(dataDir, 'identity.pem'), store.setting('identity'), {
    make: generateSigningKey,
    write: (key) => key.exportPkcs8Pem(),
    read: signingKeyFromPem,
  });
  const agreement = load(join(dataDir, `agreement-${sequence}.key`), store.setting('agreement'), {
    make: generateAgreement,
    write: (secret) => `${toHex(secret.exportPrivate())}\n`,
    read: (text) => agreementFromPrivate(fromHex(text.trim())),
  });
  store.set('identity', toHex(identity.publicKey));
  store.set('agreement', toHex(agreement.publicKey));
  return { identity, agreement, sequence };
}

interface Form<Key> {
  readonly make: () => Key;
  readonly write: (key: Key) => string;
  readonly read: (text: string) => Key;
}

/**
 * A new key in the place of a lost one would need every hour until now marked as spent: the database may be an old
 * copy. So a key that is gone stops the agent.
 */
function load<Key extends { readonly publicKey: Uint8Array }>(
  path: string,
  known: string | undefined,
  form: Form<Key>,
): Key {
  const text = readPrivate(path);
  if (text === undefined) {
    if (known !== undefined) throw new AgentError('KEY_FILE_MISSING', { path });
    const made = form.make();
    writePrivate(path, form.write(made));
    return made;
  }
  let key: Key;
  try {
    key = form.read(text);
  } catch (error) {
    // Its cause may quote the key.
    throw new AgentError('KEY_FILE_UNUSABLE', {
      path,
      why: `it holds no key (${error instanceof Error ? error.name : 'unreadable'})`,
    });
  }
  if (known !== undefined && known !== toHex(key.publicKey)) throw new AgentError('KEY_FILE_DIFFERS', { path });
  return key;
}

function readPrivate(path: string): string | undefined {
  try {
    const mode = statSync(path).mode & 0o777;
    if ((mode & 0o077) !== 0) throw new AgentError('KEY_FILE_OPEN', { path, mode: mode.toString(8) });
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof AgentError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new AgentError('KEY_FILE_UNUSABLE', { path, why: reasonOf(error) }, { cause: error });
  }
}

/** Whole or not at all, also after a power cut: written beside, flushed, renamed, the folder flushed. */
function writePrivate(path: string, text: string): void {
  const beside = `${path}.new`;
  try {
    rmSync(beside, { force: true });
    withFile(beside, 'wx', (file) => {
      writeSync(file, text);
      fsyncSync(file);
    });
    renameSync(beside, path);
    withFile(join(path, '..'), 'r', fsyncSync);
  } catch (error) {
    throw new AgentError('KEY_FILE_UNUSABLE', { path, why: reasonOf(error) }, { cause: error });
  }
}

function withFile(path: string, flags: string, work: (file: number) => void): void {
  const file = openSync(path, flags, 0o600);
  try {
    work(file);
  } finally {
    closeSync(file);
  }
}
