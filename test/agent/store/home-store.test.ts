import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../agent/store/database.ts';
import { HomeStore } from '../../../agent/store/home-store.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';

let folder: { folder: string; remove: () => void };
let database: Database;
let store: HomeStore;

beforeEach(() => {
  folder = temporaryFolder();
  database = openAgentDatabase(folder.folder);
  store = new HomeStore(database);
});
afterEach(() => {
  database.close();
  folder.remove();
});

test('sharing is off until it is turned on, and stays what it is set to', () => {
  expect(store.isSharing()).toBe(false);
  store.set('sharing', 'on');
  database.close();
  database = openAgentDatabase(folder.folder);
  store = new HomeStore(database);
  expect(store.isSharing()).toBe(true);
  store.set('sharing', 'off');
  expect(store.isSharing()).toBe(false);
});

test('an enrolment is kept once', () => {
  const enrolment = {
    home: 'bob',
    cohort: 'oak-street',
    authority: 'aa',
    coordinator: 'bb',
    certificate: Buffer.from('certificate'),
    enrolledAt: epochMs(5),
  };
  expect(store.enrolment()).toBeUndefined();
  store.keepEnrolment(enrolment);
  expect(store.enrolment()).toEqual(enrolment);
  expect(() => store.keepEnrolment({ ...enrolment, authority: 'cc' })).toThrow('UNIQUE');
  store.renewCertificate(Buffer.from('newer'));
  expect(store.enrolment()).toEqual({ ...enrolment, certificate: Buffer.from('newer') });
});

test('a tensor that was shown once counts as shown, also when it is withdrawn', () => {
  const catalogue = { sequence: 1, entries: '[]', signed: Buffer.from('signed'), publishedAt: epochMs(7) };
  store.keepCatalogue(catalogue, ['bulb', 'fridge']);
  store.keepCatalogue({ ...catalogue, sequence: 2 }, ['fridge']);
  expect(store.catalogue()).toEqual({ ...catalogue, sequence: 2 });
  expect(store.shownTensors()).toEqual(new Set(['bulb', 'fridge']));
});

test('of a cohort’s tariffs the newest is told', () => {
  const tariff = { cohort: 'oak-street', until: epochMs(9), text: '{}', receivedAt: epochMs(8) };
  store.keepTariff({ ...tariff, sequence: 2 });
  store.keepTariff({ ...tariff, sequence: 3 });
  expect(store.tariff('oak-street')?.sequence).toBe(3);
  expect(store.tariff('elm-street')).toBeUndefined();
});
