import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OwnAgreementKey } from '../../agent/agreement-keys.ts';
import { loadKeys } from '../../agent/keys.ts';
import type { Database } from '../../agent/store/database.ts';
import { lastRestore, noteRestore } from '../../agent/store/restores.ts';
import { agreementFromPrivate } from '../../broker/protocol/agreement.ts';
import { durationMs, type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import { openAgentDatabase, temporaryFolder } from './made-agent.ts';
import { codeOf } from './policy/code-of.ts';

const now = epochMs(Date.parse('2026-11-24T06:00:00Z'));
const sequence = now / 1000;
const files = [`agreement-${sequence}.key`, 'identity.pem'];

let folder: string;
let remove: () => void;
let database: Database;

beforeEach(() => {
  ({ folder, remove } = temporaryFolder());
  database = openAgentDatabase(folder);
});
afterEach(() => {
  database.close();
  remove();
});

const load = (at = now) => loadKeys(folder, database, at);
const newest = (at?: EpochMs) => load(at).agreement.newest;
const cause = () => lastRestore(database)?.cause;
const privateOf = ({ secret }: OwnAgreementKey) => toHex(secret.exportPrivate());
const keyFiles = () => readdirSync(folder).filter((name) => !name.startsWith('agent.db'));

test('the first start makes both keys, for their owner alone', () => {
  expect(newest().sequence).toBe(sequence);
  expect(keyFiles().sort()).toEqual(files);
  for (const name of files) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('later starts find the same keys', () => {
  const first = load();
  const second = load();
  expect(toHex(second.identity.publicKey)).toBe(toHex(first.identity.publicKey));
  expect(second.agreement.newest).toMatchObject({ sequence: first.agreement.newest.sequence });
  expect(privateOf(second.agreement.newest)).toBe(privateOf(first.agreement.newest));
  expect(cause()).toBeUndefined();
});

test('no private key is in the database', () => {
  const { agreement, identity } = load();
  database.pragma('wal_checkpoint(TRUNCATE)');
  const bytes = readFileSync(join(folder, 'agent.db'));
  const seed = Buffer.from(identity.exportPkcs8Pem().replace(/-----[^-]+-----|\s/g, ''), 'base64').subarray(-32);
  for (const secret of [Buffer.from(agreement.newest.secret.exportPrivate()), seed]) {
    for (const written of [secret, secret.toString('hex'), secret.toString('base64')]) {
      expect(bytes.includes(written)).toBe(false);
    }
  }
  expect(bytes.includes(toHex(identity.publicKey))).toBe(true);
});

test('a power cut before the database knew of the identity file does no harm', () => {
  const first = load();
  database.exec('DELETE FROM home_settings');
  expect(toHex(load().identity.publicKey)).toBe(toHex(first.identity.publicKey));
});

const later = (ms: number) => epochMs(now + ms);
const hour = 3_600_000;
const day = 24 * hour;
const rules = { rotateEvery: durationMs(30 * day) };

test('an identity that is gone stops the agent: nobody would know the home by another', () => {
  load();
  rmSync(join(folder, 'identity.pem'));
  expect(codeOf(load)).toBe('KEY_FILE_MISSING');
});

describe('what happens to the agreement keys', () => {
  test('a new one is made when the newest has served its time, and the one before stays for a while', () => {
    const { agreement } = load();
    const first = agreement.newest;
    expect(agreement.renew(later(30 * day - 1), rules)).toEqual({ made: false, erased: [] });
    const at = later(30 * day);
    expect(agreement.renew(at, rules)).toEqual({ made: true, erased: [] });
    expect(agreement.newest.sequence).toBe(at / 1000);
    expect(agreement.find(first.sequence, first.secret.publicKey)).toBe(first);
    expect([...load(at).agreement.sequences()]).toEqual([sequence, at / 1000]);
  });

  test('its bytes are nowhere in the data folder once it is erased', () => {
    const { agreement } = load();
    const secret = Buffer.from(agreement.newest.secret.exportPrivate());
    const written = [secret, secret.toString('hex'), secret.toString('base64')];
    const isThere = () =>
      readdirSync(folder).filter((name) => written.some((bytes) => readFileSync(join(folder, name)).includes(bytes)));
    expect(isThere()).toEqual([`agreement-${sequence}.key`]);
    agreement.renew(later(30 * day), rules);
    expect(agreement.renew(later(44 * day), rules)).toEqual({ made: false, erased: [sequence] });
    expect(agreement.find(sequence, agreementFromPrivate(secret).publicKey)).toBeUndefined();
    expect(isThere()).toEqual([]);
  });

  test('a sequence is above every one before, though the clock is not', () => {
    const first = newest();
    noteRestore(database, { at: epochMs(0), cause: 'backup' });
    expect(newest(epochMs(0)).sequence).toBe(first.sequence + 1);
    noteRestore(database, { at: epochMs(0), cause: 'newer-known', sequencesUntil: first.sequence + 500 });
    expect(newest(epochMs(0)).sequence).toBe(first.sequence + 501);
  });

  test('a restore gives up all of them', () => {
    const first = newest();
    noteRestore(database, { at: later(hour), cause: 'backup' });
    const { agreement } = load(later(hour));
    expect(agreement.newest.sequence).toBe(sequence + 3600);
    expect(agreement.find(first.sequence, first.secret.publicKey)).toBeUndefined();
    expect(keyFiles().sort()).toEqual([`agreement-${sequence + 3600}.key`, 'identity.pem']);
    expect(cause()).toBe('backup');
  });

  test.each(['before its file', 'before it was noted'])('a power cut while one is made, %s, costs nothing', (when) => {
    const first = newest();
    database.prepare('INSERT INTO agreement_keys (sequence, made_at_ms) VALUES (?, ?)').run(sequence + 1, now);
    if (when === 'before it was noted') {
      writeFileSync(join(folder, `agreement-${sequence + 1}.key`), 'of no use\n', { mode: 0o600 });
    }
    expect(privateOf(newest())).toBe(privateOf(first));
    expect(keyFiles().sort()).toEqual(files);
    expect(cause()).toBeUndefined();
  });

  test('a power cut while one is erased costs nothing', () => {
    load().agreement.renew(later(30 * day), rules);
    database.prepare('UPDATE agreement_keys SET erased_at_ms = 1 WHERE sequence = ?').run(sequence);
    expect([...load().agreement.sequences()]).toEqual([sequence + (30 * day) / 1000]);
    expect(keyFiles().sort()).toEqual([`agreement-${sequence + (30 * day) / 1000}.key`, 'identity.pem']);
    expect(cause()).toBeUndefined();
  });
});

describe('a database and key files that are not of one time are an older copy', () => {
  test('a key that is gone: all before now is spent, and there is a new one', () => {
    const first = newest();
    rmSync(join(folder, files[0] as string));
    expect(newest(later(hour)).sequence).toBe(sequence + 3600);
    expect(lastRestore(database)).toEqual({ at: later(hour), cause: 'keys-differ', spentUntil: undefined });
    expect(first.sequence).toBe(sequence);
  });

  test('a key that the database has never made: all before now is spent, and it is of no use', () => {
    load();
    const newer = join(folder, `agreement-${sequence + 9}.key`);
    writeFileSync(newer, readFileSync(join(folder, files[0] as string)), { mode: 0o600 });
    expect(newest(later(hour)).sequence).toBe(sequence + 3600);
    expect(keyFiles()).not.toContain(`agreement-${sequence + 9}.key`);
    expect(cause()).toBe('keys-differ');
  });
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

  test('of another home stops the agent', () => {
    load();
    const other = temporaryFolder();
    const otherDatabase = openAgentDatabase(other.folder);
    loadKeys(other.folder, otherDatabase, now);
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
