/**
 * Tables of devices, readings and tensors. Instants are milliseconds since 1970.
 */
import type { Migration } from './database.ts';

export const readingMigrations: readonly Migration[] = [
  {
    name: 'readings-1',
    sql: `
      -- Every device there ever was. source stands for it in the cells released, for ever;
      -- id, port and address are those of the configuration that last had it.
      CREATE TABLE devices (
        number INTEGER PRIMARY KEY,
        source TEXT NOT NULL UNIQUE,
        id TEXT NOT NULL,
        serial TEXT,
        port TEXT NOT NULL,
        address INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE series (
        number INTEGER PRIMARY KEY,
        device INTEGER NOT NULL REFERENCES devices (number),
        quantity TEXT NOT NULL,
        unit TEXT NOT NULL,
        UNIQUE (device, quantity)
      ) STRICT;
      -- value is in the unit of its series. lower is 1 where a counter stood lower than it had before.
      CREATE TABLE readings (
        series INTEGER NOT NULL REFERENCES series (number),
        at_ms INTEGER NOT NULL,
        value REAL NOT NULL,
        lower INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (series, at_ms)
      ) STRICT, WITHOUT ROWID;`,
  },
  {
    name: 'readings-2',
    sql: `
      -- Entered by hand. A row outlives its values: the name is never used again.
      CREATE TABLE entered_tensors (
        id TEXT PRIMARY KEY,
        tags TEXT NOT NULL,
        description TEXT NOT NULL,
        quantity TEXT NOT NULL,
        unit TEXT NOT NULL,
        capacity_mantissa INTEGER NOT NULL,
        capacity_exponent10 INTEGER NOT NULL,
        from_ms INTEGER NOT NULL,
        step_ms INTEGER NOT NULL,
        entered_at_ms INTEGER NOT NULL,
        removed_at_ms INTEGER
      ) STRICT;
      CREATE TABLE entered_values (
        tensor TEXT NOT NULL REFERENCES entered_tensors (id),
        slot INTEGER NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (tensor, slot)
      ) STRICT, WITHOUT ROWID;
      -- What the homeowner agreed to publish: this tensor of this source and quantity, data from consent_from_ms on.
      CREATE TABLE publications (
        tensor TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        quantity TEXT NOT NULL,
        consent_from_ms INTEGER NOT NULL,
        published_at_ms INTEGER NOT NULL
      ) STRICT;`,
  },
  {
    name: 'readings-3',
    sql: `
      -- 0: goes on from the last good reading. 1: not believed, says nothing. 2: the counter counts anew from here.
      ALTER TABLE readings RENAME COLUMN lower TO mark;`,
  },
];
