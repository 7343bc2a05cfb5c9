/** That the year of the bench is the year that an agent would have had. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../agent/made-agent.ts';
import { day, type Extent, type FedStore, fedYear, madeYear } from './made-year.ts';

const extent: Extent = { devices: 1, days: 5, readingDays: 1, minuteDays: 2 };
const start = Date.UTC(2026, 0, 1);

test('days that are the first one moved make the database that polls would have made', () => {
  const own = temporaryFolder();
  try {
    const [fed, made] = [fedYear, madeYear].map((make, at) => {
      const path = join(own.folder, `${at}.db`);
      const store = make(path, start, extent);
      const found = { rows: rowsOf(store), energies: energiesOf(store), counted: countedBy(store) };
      store.database.close();
      return { ...found, bytes: statSync(path).size };
    });
    expect(made?.rows).toEqual(fed?.rows);
    // Each poll is a little late, not equally on all days: less than one count.
    expect(made?.energies.length).toBe(fed?.energies.length);
    const apart = fed?.energies.map((energy, at) => Math.abs(energy - (made?.energies[at] ?? Number.NaN))) ?? [];
    expect(Math.max(...apart)).toBeLessThanOrEqual(1000);
    expect(made?.counted).toEqual(fed?.counted);
    // Of levels other days add up to other numbers, which may take a byte more or less.
    expect(Math.abs((made?.bytes ?? 0) / (fed?.bytes ?? 1) - 1)).toBeLessThan(0.02);
  } finally {
    own.remove();
  }
});

/** How many there are of each kind, from when until when. */
function rowsOf({ database }: FedStore): unknown {
  const of = (table: string, at: string) =>
    database.prepare(`SELECT count(*) AS count, min(${at}) AS first, max(${at}) AS last FROM ${table}`).get();
  const tiers = database.prepare('SELECT * FROM reading_tiers').get();
  return [of('reading_batches', 'until_ms'), of('minute_edges', 'from_ms'), of('quarter_edges', 'from_ms'), tiers];
}

function energiesOf({ readings }: FedStore): number[] {
  const grid = { from: start, step: day / 96, slots: extent.days * 96 };
  return readings.edges(1, 'energyImport', grid, day / 96).map((edge) => (typeof edge === 'object' ? edge.total : -1));
}

function countedBy({ readings }: FedStore): unknown {
  return [readings.extent(1, 'power', 0), readings.standOf(1, 'energyImport')];
}
