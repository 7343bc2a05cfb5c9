import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { damagedPath, dropCopies, goBackToCopy, keepGoodCopy, needsCopy } from '../../../agent/store/good-copy.ts';
import { HomeStore } from '../../../agent/store/home-store.ts';
import { migrations } from '../../../agent/store/migrations.ts';
import { lastRestore } from '../../../agent/store/restores.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { randomBits } from '../../random.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';
import { codeOf } from '../policy/code-of.ts';

const now = epochMs(Date.parse('2026-11-24T12:00:00Z'));
let folder: { folder: string; remove: () => void };
let path: string;

beforeEach(async () => {
  folder = temporaryFolder();
  path = join(folder.folder, 'agent.db');
  const database = openAgentDatabase(folder.folder);
  database.exec(`CREATE TABLE filler (a TEXT); INSERT INTO filler
    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 4000) SELECT hex(zeroblob(100)) FROM n`);
  new HomeStore(database).set('identity', 'before');
  await keepGoodCopy(path);
  new HomeStore(database).set('identity', 'after');
  database.close();
});
afterEach(() => folder.remove());

function identity(): string | undefined {
  const database = openAgentDatabase(folder.folder);
  try {
    return new HomeStore(database).setting('identity');
  } finally {
    database.close();
  }
}

/** Overwrites sectors of the database. */
function damage(random: () => number, sectors = 8): void {
  const bytes = readFileSync(path);
  for (let times = 0; times < sectors; times++) {
    const at = (random() % Math.floor(bytes.length / 512)) * 512;
    for (let byte = at; byte < at + 512; byte++) bytes[byte] = random() & 0xff;
  }
  writeFileSync(path, bytes);
}

describe('a database that is damaged', () => {
  it('is found at the start, and its last good copy takes its place and knows that it is older', () => {
    damage(randomBits(1), 100);
    const damaged = readFileSync(path);
    const why = needsCopy(path);
    expect(why).toBeDefined();
    const copied = goBackToCopy(path, migrations, why ?? '', now);
    expect(copied).toBeGreaterThan(Date.now() - 60_000);
    expect(needsCopy(path)).toBeUndefined();
    expect(identity()).toBe('before');
    const database = openAgentDatabase(folder.folder);
    expect(lastRestore(database)).toMatchObject({ cause: 'database-copy', at: now });
    database.close();
    expect(readFileSync(damagedPath(path)).equals(damaged)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is never opened as it is: any damage is found, or is in no page that is used', () => {
    const whole = readFileSync(path);
    const random = randomBits(2);
    let found = 0;
    for (let times = 0; times < 30; times++) {
      damage(random, 1);
      const why = needsCopy(path);
      if (why !== undefined) {
        found += 1;
        goBackToCopy(path, migrations, why, now);
      }
      expect(needsCopy(path)).toBeUndefined();
      expect(['before', 'after']).toContain(identity());
      for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
      writeFileSync(path, whole);
    }
    expect(found).toBeGreaterThan(0);
  });

  it('is replaced at the next start if the power failed meanwhile', () => {
    damage(randomBits(3), 100);
    writeFileSync(`${path}-wal`, 'what was under way');
    const cutOff: readonly (() => void)[] = [
      () => {},
      () => writeFileSync(`${path}.prepared`, 'half'),
      () => renameSync(`${path}-wal`, `${damagedPath(path)}-wal`),
      // Even where what is left looks sound.
      () => writeFileSync(path, readFileSync(`${path}.copy`)),
    ];
    for (const until of cutOff) {
      writeFileSync(`${path}.going-back`, '');
      until();
      expect(needsCopy(path)).toBe('the agent was going back to its last good copy');
    }
    goBackToCopy(path, migrations, '', now);
    expect(existsSync(`${path}.going-back`)).toBe(false);
    expect(needsCopy(path)).toBeUndefined();
    const database = openAgentDatabase(folder.folder);
    expect(lastRestore(database)?.cause).toBe('database-copy');
    database.close();
  });

  it('and has no good copy cannot be gone on with: nothing is made up in its place', () => {
    dropCopies(path);
    damage(randomBits(4), 100);
    expect(codeOf(() => goBackToCopy(path, migrations, needsCopy(path) ?? '', now))).toBe('DATABASE_LOST');
    writeFileSync(`${path}.copy`, 'no database at all');
    expect(codeOf(() => goBackToCopy(path, migrations, needsCopy(path) ?? '', now))).toBe('DATABASE_LOST');
  });
});

describe('a database that is gone', () => {
  it('is made where there is no copy, and else the copy is gone back to', () => {
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    expect(needsCopy(path)).toBe('it is gone');
    dropCopies(path);
    expect(needsCopy(path)).toBeUndefined();
  });
});

describe('a good copy', () => {
  it('is closed to others, and stays where a new one cannot be made of a damaged database', async () => {
    expect(statSync(`${path}.copy`).mode & 0o777).toBe(0o600);
    const copy = readFileSync(`${path}.copy`);
    const database = openAgentDatabase(folder.folder);
    damage(randomBits(5), 200);
    await expect(keepGoodCopy(path)).rejects.toThrow(/damaged|malformed/);
    database.close();
    expect(readFileSync(`${path}.copy`).equals(copy)).toBe(true);
    expect(existsSync(`${path}.copy.new`)).toBe(false);
  });
});
