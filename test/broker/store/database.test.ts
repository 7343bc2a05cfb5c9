import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openKeyFile } from '../../../broker/enrolment/key-file.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { takeDataFolder } from '../../../broker/store/data-folder.ts';
import { openDatabase } from '../../../broker/store/database.ts';
import { temporaryFolder } from '../utility-kit.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const first = { name: '001 things', sql: 'CREATE TABLE things (name TEXT NOT NULL) STRICT' };
const second = { name: '002 more', sql: 'ALTER TABLE things ADD COLUMN size INTEGER' };

describe('the database', () => {
  const path = () => join(folder.folder, 'broker.db');

  test('writes through to the disk at every open, also the second', () => {
    for (let opens = 0; opens < 3; opens++) {
      const database = openDatabase(path(), [first]);
      expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
      expect(database.pragma('synchronous', { simple: true })).toBe(2);
      database.prepare('INSERT INTO things (name) VALUES (?)').run('one');
      database.close();
    }
  });

  test('is brought up to date, each migration once', () => {
    openDatabase(path(), [first]).close();
    const database = openDatabase(path(), [first, second]);
    database.prepare('INSERT INTO things (name, size) VALUES (?, ?)').run('one', 1);
    expect(database.prepare('SELECT name FROM migrations').pluck().all()).toEqual([first.name, second.name]);
    database.close();
    openDatabase(path(), [first, second]).close();
  });

  test('a migration that fails leaves nothing behind', () => {
    const broken = { name: '002 broken', sql: 'CREATE TABLE half (x INTEGER) STRICT; SELECT * FROM nowhere' };
    expect(() => openDatabase(path(), [first, broken])).toThrow('nowhere');
    const database = openDatabase(path(), [first]);
    expect(database.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").pluck().get()).toBe(0);
    database.close();
  });

  test('of a newer version is not opened by an older one', () => {
    openDatabase(path(), [first, second]).close();
    expect(() => openDatabase(path(), [first])).toThrow('newer version (it has "002 more")');
  });

  test('that is no database is refused by name', () => {
    writeFileSync(path(), 'not a database, but long enough to be read as the header of one'.repeat(20));
    expect(() => openDatabase(path(), [first])).toThrow(`the database ${path()} cannot be opened`);
  });

  test('on which journalling cannot be durable is refused', () => {
    expect(() => openDatabase(':memory:', [first])).toThrow('does not keep what it acknowledges: journal_mode memory');
  });
});

describe('the data folder', () => {
  test('is private, and one broker’s at a time', () => {
    const path = join(folder.folder, 'utility');
    const taken = takeDataFolder(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(() => takeDataFolder(path)).toThrow(`already runs on the data folder ${path} (process ${process.pid})`);
    taken.release();
    takeDataFolder(path).release();
  });

  test('that is a file is refused by name', () => {
    const path = join(folder.folder, 'file');
    writeFileSync(path, '');
    expect(() => takeDataFolder(path)).toThrow(`the data folder ${path} cannot be used`);
  });

  test.each([
    ['that holds other things and is open to others is left as it is', 'photo.jpg', 0o755, 'holds other things'],
    ['that is empty is closed', undefined, 0o700, undefined],
    ['that a broker used before is closed', 'broker.lock', 0o700, undefined],
  ])('a folder %s', (_, file, mode, says) => {
    chmodSync(folder.folder, 0o755);
    if (file !== undefined) writeFileSync(join(folder.folder, file), '');
    if (says === undefined) takeDataFolder(folder.folder).release();
    else expect(() => takeDataFolder(folder.folder)).toThrow(says);
    expect(statSync(folder.folder).mode & 0o777).toBe(mode);
  });

  test('a lock left by a broker that was killed is none', () => {
    const path = join(folder.folder, 'utility');
    takeDataFolder(path).release();
    // As after a kill: both files are there, nobody holds the lock.
    const lock = new Sqlite(join(path, 'broker.lock'));
    lock.close();
    takeDataFolder(path).release();
  });
});

describe('a key file', () => {
  const path = () => join(folder.folder, 'authority.pem');

  test('is made once, for its owner alone, and read afterwards', () => {
    const made = openKeyFile(path(), true);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(toHex(openKeyFile(path(), false).publicKey)).toBe(toHex(made.publicKey));
  });

  test.each([
    ['that others may read', () => chmodSync(path(), 0o640), 'others may read it (mode 640)'],
    ['that holds no key', () => writeFileSync(path(), 'secret words'), 'it holds no Ed25519 key'],
  ])('%s is refused', (_, change, says) => {
    openKeyFile(path(), true);
    change();
    expect(() => openKeyFile(path(), true)).toThrow(says);
    expect(() => openKeyFile(path(), true)).not.toThrow('secret words');
  });

  test('that is missing though homes trust it is not made anew', () => {
    expect(() => openKeyFile(path(), false)).toThrow('missing, though homes are enrolled');
  });
});
