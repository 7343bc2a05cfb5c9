import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBackup, restoreBackup } from '../../agent/backup.ts';
import type { RunningAgent } from '../../agent/main.ts';
import { epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import { type HomeKit, homeKit } from './home-kit.ts';

const morning = epochMs(Date.parse('2026-11-24T06:00:00Z'));

let clock: SteppedClock;
let kit: HomeKit;
let agent: RunningAgent | undefined;
let file: string;

beforeEach(async () => {
  clock = new SteppedClock(morning);
  kit = homeKit(clock);
  file = join(kit.folder, 'bob.backup');
  agent = await kit.start();
});
afterEach(async () => {
  await agent?.close();
  kit.remove();
});

async function stop(): Promise<void> {
  await agent?.close();
  agent = undefined;
}

async function addTensor(): Promise<void> {
  const words = ['tensors', 'add', 'bulb', '--tag', '#light-bulb', '--unit', 'kWh', '--capacity', '3.68'];
  const added = await kit.run(...words, '--from', '2026-11-23T00:00:00Z', '--step', '6h', '5', '8.5');
  expect(added).toMatchObject({ code: 0, stderr: '' });
}
const tensors = async () => JSON.parse((await kit.run('tensors', 'list', '--json')).stdout).map(({ id }: never) => id);
const status = async () => JSON.parse((await kit.run('agent', 'status', '--json')).stdout);
const keyFiles = () => readdirSync(kit.dataDir).filter((name) => name.endsWith('.key'));

test('a backup is made beside the running agent; a new gateway goes on from it, and releases nothing from before', async () => {
  await addTensor();
  const { fingerprint } = await status();
  expect(await kit.run('backup', file)).toMatchObject({ code: 0, stdout: expect.stringContaining('kB') });
  const [before] = keyFiles();
  // What came after it is lost.
  await kit.run('tensors', 'remove', 'bulb');
  await stop();
  rmSync(kit.dataDir, { recursive: true });
  rmSync(kit.configPath);
  await clock.stepTo(epochMs(morning + 5 * 3_600_000));
  expect(await kit.run('restore', file)).toMatchObject({ code: 0, stderr: '' });
  agent = await kit.start();
  expect(await tensors()).toEqual(['bulb']);
  expect(await status()).toMatchObject({ fingerprint, restored: { cause: 'backup' } });
  expect(keyFiles()).toHaveLength(1);
  expect(keyFiles()).not.toContain(before);
});

test('it is for its owner alone, and holds the identity but no agreement key', async () => {
  await kit.run('backup', file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const bytes = readFileSync(file);
  const secret = readFileSync(join(kit.dataDir, keyFiles()[0] as string), 'utf8').trim();
  for (const written of [secret, Buffer.from(secret, 'hex'), Buffer.from(secret, 'hex').toString('base64')]) {
    expect(bytes.includes(written)).toBe(false);
  }
  const identity = readFileSync(join(kit.dataDir, 'identity.pem'));
  expect(bytes.includes(identity)).toBe(true);
  await stop();
  rmSync(kit.dataDir, { recursive: true });
  await kit.run('restore', file);
  // Only where it belongs.
  expect(readFileSync(join(kit.dataDir, 'identity.pem'))).toEqual(identity);
  expect(statSync(join(kit.dataDir, 'identity.pem')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(kit.dataDir, 'agent.db')).includes(identity)).toBe(false);
});

const refused: [name: string, code: string, prepare: () => void | Promise<void>, words: () => string[]][] = [
  ['over a file', 'BACKUP_FAILED', () => writeFileSync(file, 'mine'), () => ['backup', file]],
  ['into a folder that is not there', 'BACKUP_FAILED', () => undefined, () => ['backup', join(kit.folder, 'no', 'b')]],
  ['of no agent', 'NEVER_STARTED', () => kill(), () => ['backup', file]],
  ['while the agent runs', 'DATA_FOLDER_IN_USE', () => backup(), () => ['restore', file, '--force']],
  ['over a database', 'RESTORE_OVER_DATA', () => backup().then(stop), () => ['restore', file]],
  ['of another home', 'BACKUP_OTHER_HOME', () => backup().then(alice), () => ['restore', file, '--force']],
  ['from another file', 'BACKUP_UNREADABLE', () => writeFileSync(file, 'mine'), () => ['restore', file]],
  ['from the database itself', 'BACKUP_UNREADABLE', stop, () => ['restore', join(kit.dataDir, 'agent.db')]],
];
const backup = async () => void (await kit.run('backup', file));
/** Alice's folder, and Bob's backup. */
const alice = async () => {
  await stop();
  writeFileSync(kit.configPath, readFileSync(kit.configPath, 'utf8').replace(/home: .*/, 'home: alice'));
};
const kill = async () => {
  await stop();
  rmSync(kit.dataDir, { recursive: true });
};

test.each(refused)('refused %s: %s', async (_, code, prepare, words) => {
  await prepare();
  const before = keyFilesIfAny();
  const { stderr, code: exit } = await kit.run(...words());
  expect(stderr).toContain(code);
  expect(exit).toBe(1);
  expect(keyFilesIfAny()).toEqual(before);
});
const keyFilesIfAny = () => {
  try {
    return keyFiles();
  } catch {
    return [];
  }
};

test('with --force it takes the place of what is there', async () => {
  await addTensor();
  await kit.run('backup', file);
  await kit.run('tensors', 'remove', 'bulb');
  await stop();
  expect(await kit.run('restore', file, '--force')).toMatchObject({ code: 0 });
  agent = await kit.start();
  expect(await tensors()).toEqual(['bulb']);
});

test('a restore that fails leaves what was there', async () => {
  await addTensor();
  await kit.run('backup', file);
  await stop();
  const full = () => {
    throw new Error('disk full');
  };
  expect(() => restoreBackup(readBackup(file), kit.dataDir, full)).toThrow('disk full');
  expect(readdirSync(kit.dataDir).filter((name) => name.includes('.new'))).toEqual([]);
  agent = await kit.start();
  expect(await tensors()).toEqual(['bulb']);
  expect((await status()).restored).toBeUndefined();
});

test('a power cut in its middle is a restore, too', async () => {
  await kit.run('backup', file);
  await stop();
  for (const name of [...keyFiles(), 'agent.db', 'agent.db-wal', 'agent.db-shm']) {
    rmSync(join(kit.dataDir, name), { force: true });
  }
  agent = await kit.start();
  expect((await status()).restored).toMatchObject({ cause: 'keys-differ' });
});

test('a database that is copied by hand gives up the keys that it has no files for', async () => {
  await stop();
  const other = join(kit.folder, 'other');
  mkdirSync(other, { mode: 0o700 });
  for (const name of ['agent.db', 'identity.pem']) {
    writeFileSync(join(other, name), readFileSync(join(kit.dataDir, name)), { mode: 0o600 });
  }
  writeFileSync(kit.configPath, readFileSync(kit.configPath, 'utf8').replace('./bob', './other'));
  agent = await kit.start();
  expect((await status()).restored).toMatchObject({ cause: 'keys-differ' });
});
