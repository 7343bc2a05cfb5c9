import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../../agent/store/database.ts';
import { DeviceBook } from '../../../agent/store/device-book.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';

let folder: { folder: string; remove: () => void };
let database: Database;
const configured = ['fridge', 'bulb'].map((id, index) => ({
  id,
  port: '/dev/line',
  address: index + 1,
  serial: undefined,
}));
const open = () => new DeviceBook(database, configured);
const sources = (book: DeviceBook) => configured.map(({ id }) => book.known.get(id)?.source);

beforeEach(() => {
  folder = temporaryFolder();
  database = openAgentDatabase(folder.folder);
});
afterEach(() => {
  database.close();
  folder.remove();
});

it('a serial number that is heard for the first time is noted down, and makes no other source', () => {
  const book = open();
  expect(book.identified('fridge', '111')).toBe(false);
  expect(book.identified('fridge', '111')).toBe(false);
  expect(sources(book)).toEqual(['device 1', 'device 2']);
});

it('another serial number is another source, at once and after a restart; the old one comes back as itself', () => {
  const book = open();
  book.identified('fridge', '111');
  expect(book.identified('fridge', '222')).toBe(true);
  expect(sources(book)).toEqual(['serial 222', 'device 2']);
  const restarted = open();
  expect(restarted.identified('fridge', '222')).toBe(false);
  expect(sources(restarted)).toEqual(['serial 222', 'device 2']);
  expect(restarted.identified('fridge', '111')).toBe(true);
  expect(sources(restarted)).toEqual(['device 1', 'device 2']);
});

it('two meters that changed places stay the sources they are', () => {
  const before = open();
  before.identified('fridge', '111');
  before.identified('bulb', '222');
  const book = open();
  expect(book.identified('fridge', '222')).toBe(true);
  expect(book.identified('bulb', '111')).toBe(true);
  expect(sources(book)).toEqual(['device 2', 'device 1']);
});

it('a number that two meters say is none', () => {
  const book = open();
  expect(book.identified('fridge', '1')).toBe(false);
  expect(book.identified('bulb', '1')).toBe(false);
  expect(sources(book)).toEqual(['device 1', 'device 2']);
});
