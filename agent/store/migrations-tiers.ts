/**
 * Tables of readings that are stored together, and of what is kept of them. Instants are milliseconds since 1970.
 */
import type { Migration } from './database.ts';
import { packOldReadings } from './pack-old-readings.ts';

export const tierMigrations: readonly Migration[] = [
  {
    name: 'tiers-1',
    sql: `
      -- Readings as they came, of all series, packed: reading-batch.ts. until_ms is not before the last of them.
      CREATE TABLE reading_batches (until_ms INTEGER PRIMARY KEY, readings BLOB NOT NULL) STRICT;
      -- What is known at each minute of an hour, and at each quarter of a day (UTC), packed: edge-chunk.ts.
      -- readings: so many were stored of the series up to then.
      CREATE TABLE minute_edges (
        from_ms INTEGER NOT NULL,
        series INTEGER NOT NULL REFERENCES series (number),
        edges BLOB NOT NULL,
        readings INTEGER NOT NULL,
        PRIMARY KEY (from_ms, series)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE quarter_edges (
        from_ms INTEGER NOT NULL,
        series INTEGER NOT NULL REFERENCES series (number),
        edges BLOB NOT NULL,
        readings INTEGER NOT NULL,
        PRIMARY KEY (from_ms, series)
      ) STRICT, WITHOUT ROWID;
      -- How each series stood when the hour before condensed_until_ms was condensed, as JSON: series-stand.ts.
      CREATE TABLE stands (series INTEGER PRIMARY KEY REFERENCES series (number), stand TEXT NOT NULL) STRICT;
      -- Up to where there are edges, and from where on readings and minutes are still held. NULL: all there were.
      CREATE TABLE reading_tiers (
        only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
        condensed_until_ms INTEGER,
        readings_from_ms INTEGER,
        minutes_from_ms INTEGER
      ) STRICT;
      INSERT INTO reading_tiers (only_one) VALUES (1);
      ALTER TABLE readings RENAME TO readings_by_series;`,
    also: packOldReadings,
  },
];
