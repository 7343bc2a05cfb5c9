import { afterEach, beforeEach, expect, test } from 'vitest';
import { CataloguePublisher } from '../../agent/catalogue-publisher.ts';
import type { Database } from '../../agent/store/database.ts';
import { HomeStore } from '../../agent/store/home-store.ts';
import { after, epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import { Catalogue, type CatalogueEntry } from '../../broker/protocol/messages.ts';
import { generateSigningKey, openSigned } from '../../broker/protocol/signing.ts';
import { hour, openAgentDatabase, temporaryFolder } from './made-agent.ts';

const identity = generateSigningKey();
const start = epochMs(Date.parse('2026-11-24T00:00:00Z'));
const fridge: CatalogueEntry = {
  id: 'fridge',
  tags: ['#energy-consumption', '#fridge'],
  description: 'Fridge',
  quantity: 'energyImport',
  unit: 'Wh',
  dtype: 'float64',
  shape: [10],
  from: start - hour,
  until: start,
  capacity: [3680, 0],
};

let folder: { folder: string; remove: () => void };
let database: Database;
let clock: SteppedClock;
let entries: CatalogueEntry[];
let sent: Uint8Array[];
let publisher: CataloguePublisher;

beforeEach(() => {
  folder = temporaryFolder();
  database = openAgentDatabase(folder.folder);
  clock = new SteppedClock(start);
  entries = [fridge];
  sent = [];
  publisher = makePublisher();
});
afterEach(() => {
  publisher.close();
  database.close();
  folder.remove();
});

function makePublisher(): CataloguePublisher {
  return new CataloguePublisher({
    home: 'bob',
    identity,
    store: new HomeStore(database),
    clock,
    entries: () => entries,
    publish: async (signed) => void sent.push(signed),
  });
}

/** The second in which it is made. */
const first = Math.floor(start / 1000);
const sequences = () => sent.map((signed) => openSigned(Catalogue, identity.publicKey, signed, 'bob').fields.sequence);

test('each connect brings the same bytes again', async () => {
  await publisher.connected();
  publisher = makePublisher();
  await publisher.connected();
  expect(sequences()).toEqual([first, first]);
  expect(Buffer.from(sent[1] ?? [])).toEqual(Buffer.from(sent[0] ?? []));
});

test('another tensor is told at once, with a higher sequence, also after a restart', async () => {
  await publisher.connected();
  entries = [fridge, { ...fridge, id: 'oven' }];
  await publisher.changed();
  publisher = makePublisher();
  entries = [];
  await publisher.changed();
  expect(sequences()).toEqual([first, first + 1, first + 2]);
  expect(new HomeStore(database).shownTensors()).toEqual(new Set(['fridge', 'oven']));
});

test('more readings are told hourly, no change never', async () => {
  publisher.start();
  await publisher.connected();
  entries = [{ ...fridge, shape: [11], until: start + 10_000 }];
  await publisher.changed();
  expect(sequences()).toEqual([first]);
  await clock.stepTo(after(start, hour));
  expect(sequences()).toEqual([first, first + 3600]);
  await clock.stepTo(after(start, 5 * hour));
  expect(sequences()).toEqual([first, first + 3600]);
});

test('nothing is sent that is not on disk', async () => {
  database.exec("CREATE TRIGGER full BEFORE INSERT ON published_catalogue BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  await expect(publisher.connected()).rejects.toThrow('disk full');
  expect(sent).toEqual([]);
});

test('a catalogue that the broker would cut the home off for is not sent, and the last one stands', async () => {
  await publisher.connected();
  entries = Array.from({ length: 257 }, (_, at) => ({ ...fridge, id: `fridge-${at}` }));
  await expect(publisher.changed()).rejects.toMatchObject({ code: 'CATALOGUE_FULL' });
  entries = [fridge];
  await publisher.connected();
  expect(sequences()).toEqual([first, first]);
});
