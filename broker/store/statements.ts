/**
 * Statements of one database, each prepared once: preparing takes as long as a small one runs.
 */
import type { Statement } from 'better-sqlite3';
import type { Database } from './database.ts';

export class Statements {
  readonly #database: Database;
  readonly #prepared = new Map<string, Statement>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** @param sql one of few: each is kept */
  of(sql: string): Statement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}
