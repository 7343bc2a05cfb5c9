import { describe, expect, it } from 'vitest';
import type { Database } from '../../../agent/store/database.ts';
import { type ConfiguredDevice, knownDevices, rememberDevices } from '../../../agent/store/device-store.ts';
import { eachWithDatabase } from '../each-with-database.ts';

let database: Database;

eachWithDatabase((opened) => {
  database = opened;
});

const device = (id: string, changes: Partial<ConfiguredDevice> = {}): ConfiguredDevice => ({
  id,
  port: '/dev/line',
  address: 1,
  serial: undefined,
  ...changes,
});
const sourceOf = (...devices: ConfiguredDevice[]) =>
  devices.map(({ id }, _, all) => rememberDevices(database, all).get(id)?.source);

describe('a device stays what it was', () => {
  it.each<[string, ConfiguredDevice, ConfiguredDevice]>([
    ['as it was configured', device('fridge'), device('fridge')],
    ['under another name', device('fridge'), device('cooler')],
    ['at another place', device('fridge'), device('fridge', { port: '/dev/other', address: 7 })],
    ['once its serial number is noted down', device('fridge'), device('fridge', { serial: '123' })],
    [
      'by its serial number, whatever else changes',
      device('fridge', { serial: '123' }),
      device('cooler', { serial: '123', port: '/dev/other', address: 7 }),
    ],
    ['when its serial number is left out again', device('fridge', { serial: '123' }), device('fridge')],
  ])('%s', (_, before, now) => {
    const [source] = sourceOf(before);
    expect(source).toBeDefined();
    expect(sourceOf(now)).toEqual([source]);
    expect(sourceOf(before)).toEqual([source]);
  });

  it('when another takes its place, and is another itself', () => {
    const [source] = sourceOf(device('fridge'));
    const [moved, fresh] = sourceOf(device('fridge', { address: 5 }), device('freezer'));
    expect(moved).toBe(source);
    expect(fresh).not.toBe(source);
  });
});

describe('a device is another', () => {
  it('with another serial number, though all else is the same', () => {
    const [before] = sourceOf(device('fridge', { serial: '123' }));
    const [now] = sourceOf(device('fridge', { serial: '456' }));
    expect(now).not.toBe(before);
    expect(sourceOf(device('fridge', { serial: '123' }))).toEqual([before]);
  });

  it('with another name at another place', () => {
    const [before] = sourceOf(device('fridge'));
    expect(sourceOf(device('boiler', { address: 2 }))).not.toEqual([before]);
  });
});

it('whoever only reads stores nothing', () => {
  expect(knownDevices(database, [device('fridge')]).size).toBe(0);
  rememberDevices(database, [device('fridge')]);
  expect(knownDevices(database, [device('fridge')]).get('fridge')?.number).toBe(1);
});
