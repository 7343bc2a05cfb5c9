import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadKeys } from '../../agent/keys.ts';
import type { Database } from '../../agent/store/database.ts';
import { HomeStore } from '../../agent/store/home-store.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import { openAgentDatabase, temporaryFolder } from './made-agent.ts';
import { codeOf } from './policy/code-of.ts';

const files = ['agreement-1.key', 'identity.pem'];

let folder: string;
let remove: () => void;
let database: Database;
let store: HomeStore;

beforeEach(() => {
  ({ folder, remove } = temporaryFolder());
  database = openAgentDatabase(folder);
  store = new HomeStore(database);
});
afterEach(() => {
  database.close();
  remove();
});

const load = () => loadKeys(folder, store);
const keyFiles = () => readdirSync(folder).filter((name) => !name.startsWith('agent.db'));

test('the first start makes both keys, for their owner alone', () => {
  const { sequence } = load();
  expect(sequence).toBe(1);
  expect(keyFiles().sort()).toEqual(files);
  for (const name of files) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('later starts find the same keys', () => {
  const first = load();
  const second = load();
  expect(toHex(second.identity.publicKey)).toBe(toHex(first.identity.publicKey));
  expect(toHex(second.agreement.exportPrivate())).toBe(toHex(first.agreement.exportPrivate()));
});

test('no private key is in the database', () => {
  const { agreement, identity } = load();
  database.pragma('wal_checkpoint(TRUNCATE)');
  const bytes = readFileSync(join(folder, 'agent.db'));
  const seed = Buffer.from(identity.exportPkcs8Pem().replace(/-----[^-]+-----|\s/g, ''), 'base64').subarray(-32);
  for (const secret of [Buffer.from(agreement.exportPrivate()), seed]) {
    for (const written of [secret, secret.toString('hex'), secret.toString('base64')]) {
      expect(bytes.includes(written)).toBe(false);
    }
  }
  expect(bytes.includes(toHex(identity.publicKey))).toBe(true);
});

test('a power cut before the database knew of the files does no harm', () => {
  const first = load();
  database.exec('DELETE FROM home_settings');
  expect(toHex(load().agreement.publicKey)).toBe(toHex(first.agreement.publicKey));
});

test('a half-written file of a cut-off start is not taken for a key', () => {
  writeFileSync(join(folder, 'identity.pem.new'), '-----BEGIN', { mode: 0o600 });
  load();
  expect(keyFiles().sort()).toEqual(files);
});

describe.each(files)('%s', (name) => {
  const path = () => join(folder, name);

  test('that others may read stops the agent', () => {
    load();
    chmodSync(path(), 0o640);
    expect(codeOf(load)).toBe('KEY_FILE_OPEN');
  });

  test('that is gone stops the agent: a new key would not know what is spent', () => {
    load();
    rmSync(path());
    expect(codeOf(load)).toBe('KEY_FILE_MISSING');
  });

  test('of another home stops the agent', () => {
    load();
    const other = temporaryFolder();
    const otherDatabase = openAgentDatabase(other.folder);
    loadKeys(other.folder, new HomeStore(otherDatabase));
    writeFileSync(path(), readFileSync(join(other.folder, name)));
    otherDatabase.close();
    other.remove();
    expect(codeOf(load)).toBe('KEY_FILE_DIFFERS');
  });

  test('that holds no key stops the agent, and is not quoted', () => {
    load();
    writeFileSync(path(), 'c0ffee-not-a-key');
    expect(codeOf(load)).toBe('KEY_FILE_UNUSABLE');
    expect(load).not.toThrow(/c0ffee/);
  });
});
