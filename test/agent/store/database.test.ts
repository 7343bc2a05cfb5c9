import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../agent/store/database.ts';
import { migrations } from '../../../agent/store/migrations.ts';
import { temporaryFolder } from '../made-agent.ts';
import { codeOf } from '../policy/code-of.ts';

const [first, second] = [
  { name: 'one', sql: 'CREATE TABLE one (a INTEGER) STRICT' },
  { name: 'two', sql: 'CREATE TABLE two (a INTEGER) STRICT' },
];

let folder: { folder: string; remove: () => void };
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.folder, 'agent.db');
});
afterEach(() => folder.remove());

describe("the agent's database", () => {
  it('is durable at its first opening, at every later one, and for whoever only reads', () => {
    for (const options of [{}, {}, { readonly: true }]) {
      const database = openDatabase(path, [first], options);
      expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
      expect(database.pragma('synchronous', { simple: true })).toBe(2);
      database.close();
    }
  });

  it('can be looked into by nobody else', () => {
    const database = openDatabase(path, [first]);
    database.exec('INSERT INTO one VALUES (1)');
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    database.close();
  });

  it('is brought up to date step by step, each once', () => {
    openDatabase(path, [first]).close();
    const database = openDatabase(path, [first, second]);
    expect(database.prepare('SELECT number, name FROM migrations').all()).toEqual([
      { number: 1, name: 'one' },
      { number: 2, name: 'two' },
    ]);
    database.close();
    openDatabase(path, [first, second]).close();
  });

  it('is left as it was by a step that fails', () => {
    openDatabase(path, [first]).close();
    const broken = { name: 'two', sql: 'CREATE TABLE two (a INTEGER); INSERT INTO nowhere VALUES (1)' };
    expect(() => openDatabase(path, [first, broken])).toThrow(/nowhere/);
    openDatabase(path, [first, second]).close();
  });

  it('of a newer version is not opened', () => {
    openDatabase(path, [first, second]).close();
    expect(codeOf(() => openDatabase(path, [first]))).toBe('DATABASE_NEWER');
  });

  it('of an older version is not changed by whoever only reads', () => {
    openDatabase(path, [first]).close();
    expect(codeOf(() => openDatabase(path, [first, second], { readonly: true }))).toBe('DATABASE_OLDER');
  });

  it('that is none is left alone', () => {
    writeFileSync(path, 'this is not a database, though it is as long as a header of one would be; and longer still');
    expect(codeOf(() => openDatabase(path, [first]))).toBe('DATABASE_UNREADABLE');
    expect(readFileSync(path, 'utf8')).toContain('this is not a database');
  });

  it('is not made by whoever only reads', () => {
    expect(codeOf(() => openDatabase(path, [first], { readonly: true }))).toBe('DATABASE_UNREADABLE');
  });

  it('gives every step of every part a name of its own', () => {
    const names = migrations.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
