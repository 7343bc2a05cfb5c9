/**
 * The home's private keys: an Ed25519 identity, made at the first start, and its X25519 agreement keys. Each in a file
 * of mode 0600 of the data folder; never in the database.
 */
import { join } from 'node:path';
import type { EpochMs } from '../broker/protocol/clock.ts';
import { toHex } from '../broker/protocol/hex.ts';
import { generateSigningKey, type SigningKey, signingKeyFromPem } from '../broker/protocol/signing.ts';
import { AgreementKeys } from './agreement-keys.ts';
import { AgentError } from './errors.ts';
import { keyIn, readPrivate, writePrivate } from './private-file.ts';
import type { Database } from './store/database.ts';
import { HomeStore } from './store/home-store.ts';
import { noteRestore } from './store/restores.ts';

export interface HomeKeys {
  readonly identity: SigningKey;
  readonly agreement: AgreementKeys;
}

export const identityPath = (dataDir: string) => join(dataDir, 'identity.pem');

/**
 * Reads the keys, or makes them where neither file nor database knows of any. After a restore the agreement keys of
 * before are erased here. An identity that the database does not know has had another database before.
 * @throws {AgentError} KEY_FILE_UNUSABLE, KEY_FILE_OPEN, KEY_FILE_MISSING, KEY_FILE_DIFFERS
 */
export function loadKeys(dataDir: string, database: Database, now: EpochMs): HomeKeys {
  const path = identityPath(dataDir);
  const store = new HomeStore(database);
  const known = store.setting('identity');
  const text = readPrivate(path);
  if (text === undefined && known !== undefined) throw new AgentError('KEY_FILE_MISSING', { path });
  const identity = text === undefined ? generateSigningKey() : keyIn(path, () => signingKeyFromPem(text));
  if (known !== undefined && known !== toHex(identity.publicKey)) throw new AgentError('KEY_FILE_DIFFERS', { path });
  if (text === undefined) writePrivate(path, identity.exportPkcs8Pem());
  else if (known === undefined) noteRestore(database, { at: now, cause: 'keys-differ' });
  store.set('identity', toHex(identity.publicKey));
  return { identity, agreement: new AgreementKeys(dataDir, database, now) };
}
