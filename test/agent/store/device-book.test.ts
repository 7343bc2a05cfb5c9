import { describe, expect, it } from 'vitest';
import type { Database } from '../../../agent/store/database.ts';
import { DeviceBook } from '../../../agent/store/device-book.ts';
import { PublicationStore } from '../../../agent/store/publication-store.ts';
import { ReadingStore } from '../../../agent/store/reading-store.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { eachWithDatabase } from '../each-with-database.ts';
import { hour } from '../made-agent.ts';

let database: Database;
const now = epochMs(10 * hour);
const configured = ['fridge', 'bulb'].map((id, index) => ({
  id,
  port: '/dev/line',
  address: index + 1,
  serial: undefined,
}));
const open = () => new DeviceBook(database, configured);
const sources = (book: DeviceBook) => configured.map(({ id }) => book.known.get(id)?.source);

eachWithDatabase((opened) => {
  database = opened;
});

it('a serial number that is heard for the first time is noted down, and makes no other source', () => {
  const book = open();
  expect(book.identified('fridge', '111', now)).toBe('same');
  expect(book.identified('fridge', '111', now)).toBe('same');
  expect(sources(book)).toEqual(['device 1', 'device 2']);
});

it('another serial number is another source, at once and after a restart; the old one comes back as itself', () => {
  const book = open();
  book.identified('fridge', '111', now);
  expect(book.identified('fridge', '222', now)).toBe('other');
  expect(sources(book)).toEqual(['serial 222', 'device 2']);
  const restarted = open();
  expect(restarted.identified('fridge', '222', now)).toBe('same');
  expect(sources(restarted)).toEqual(['serial 222', 'device 2']);
  expect(restarted.identified('fridge', '111', now)).toBe('other');
  expect(sources(restarted)).toEqual(['device 1', 'device 2']);
});

it('two meters that changed places stay the sources they are', () => {
  const before = open();
  before.identified('fridge', '111', now);
  before.identified('bulb', '222', now);
  const book = open();
  expect(book.identified('fridge', '222', now)).toBe('other');
  expect(book.identified('bulb', '111', now)).toBe('other');
  expect(sources(book)).toEqual(['device 2', 'device 1']);
});

it('two meters that are exchanged while the agent runs, too', () => {
  const book = open();
  book.identified('fridge', '111', now);
  book.identified('bulb', '222', now);
  expect(book.identified('fridge', '222', now)).toBe('other');
  expect(new Set(sources(book)).size).toBe(2);
  expect(book.identified('bulb', '111', now)).toBe('other');
  expect(sources(book)).toEqual(['device 2', 'device 1']);
});

describe('a number that two meters say', () => {
  it('is none, and both are told of', () => {
    const book = open();
    expect(book.identified('fridge', '1', now)).toBe('same');
    expect(book.identified('bulb', '1', now)).toBe('shared');
    expect(sources(book)).toEqual(['device 1', 'device 2']);
  });

  it('stays none after a restart, whichever is heard first', () => {
    const before = open();
    before.identified('fridge', '1', now);
    before.identified('bulb', '1', now);
    const book = open();
    expect(book.identified('bulb', '1', now)).toBe('shared');
    expect(book.identified('fridge', '1', now)).toBe('shared');
    expect(sources(book)).toEqual(['device 1', 'device 2']);
  });

  it('never makes one source of two, also where the second is new and heard first', () => {
    new DeviceBook(database, configured.slice(0, 1)).identified('fridge', '1', now);
    const book = open();
    book.identified('bulb', '1', now);
    expect(new Set(sources(book)).size).toBe(2);
    expect(book.identified('fridge', '1', now)).toBe('shared');
    expect(new Set(sources(book)).size).toBe(2);
  });

  it('is the one of whom the configuration says so', () => {
    const [fridge, bulb] = configured.map((device, index) => ({ ...device, serial: index === 0 ? '1' : undefined }));
    if (fridge === undefined || bulb === undefined) throw new RangeError('expected two devices');
    const book = new DeviceBook(database, [fridge, bulb]);
    expect(book.identified('bulb', '1', now)).toBe('shared');
    expect(sources(book)).toEqual(['serial 1', 'device 2']);
  });
});

describe('what was agreed to before a device was ever read', () => {
  const oven = { id: 'oven', port: '/dev/line', address: 9, serial: undefined };
  const publications = () => new PublicationStore(database);
  const agreed = (source: string) => ({ tensor: 'oven', source, quantity: 'energyImport', consentFrom: epochMs(hour) });
  const openWith = () => new DeviceBook(database, [...configured, oven]);

  it('stays when it says who it is', () => {
    const book = openWith();
    publications().publish(agreed('device 3'), now);
    expect(book.identified('oven', '333', now)).toBe('same');
    expect(book.known.get('oven')?.source).toBe('device 3');
    expect(publications().list()).toEqual([agreed('device 3')]);
  });

  it('goes over to the device that it turns out to be, from then on', () => {
    open().identified('fridge', '111', now);
    const book = openWith();
    publications().publish(agreed('device 3'), now);
    const later = epochMs(now + hour);
    expect(book.identified('oven', '111', later)).toBe('known');
    expect(book.known.get('oven')?.source).toBe('device 1');
    expect(publications().list()).toEqual([{ ...agreed('device 1'), consentFrom: later }]);
    const restarted = new DeviceBook(database, [oven]);
    expect(restarted.known.get('oven')?.source).toBe('device 1');
    expect(restarted.identified('oven', '111', later)).toBe('same');
  });

  it('is closed with it, once it was read', () => {
    open().identified('fridge', '111', now);
    const book = openWith();
    publications().publish(agreed('device 3'), now);
    new ReadingStore(database).append([{ device: 3, quantity: 'power', at: now, value: 1 }]);
    expect(book.identified('oven', '111', now)).toBe('other');
    expect(publications().list()).toEqual([agreed('device 3')]);
  });
});
