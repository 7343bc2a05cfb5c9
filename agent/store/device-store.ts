/**
 * Which physical device each configured one is: the name under which its cells are spent never changes.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Settings } from '../config-schema.ts';
import type { Database } from './database.ts';
import { PublicationStore } from './publication-store.ts';

/** A device as it is configured now. */
export interface ConfiguredDevice {
  readonly id: string;
  readonly port: string;
  readonly address: number | string;
  readonly serial: string | undefined;
}

export interface KnownDevice {
  /** Of its row: what its readings are kept under. */
  readonly number: number;
  /** Stands for the device in the cells released, for ever. */
  readonly source: string;
}

interface Row extends KnownDevice {
  readonly id: string;
  readonly serial: string | null;
  readonly port: string;
  readonly address: number | string;
}

export function configuredDevices({ devices, buses }: Pick<Settings, 'devices' | 'buses'>): ConfiguredDevice[] {
  const ports = new Map(buses.map(({ id, port }) => [id, port]));
  return devices.map(({ id, bus, address, serial }) => ({ id, port: ports.get(bus) ?? bus, address, serial }));
}

/** The devices of the configuration by id. Those that were never seen before are stored. */
export function rememberDevices(
  database: Database,
  configured: readonly ConfiguredDevice[],
): ReadonlyMap<string, KnownDevice> {
  return database.transaction(() => {
    const rows = recognise(allRows(database), configured);
    return new Map(
      configured.map((device) => {
        const row = rows.get(device.id);
        return [device.id, row === undefined ? insert(database, device) : update(database, device, row)];
      }),
    );
  })();
}

/** The same, storing nothing: devices that were never seen are missing. */
export function knownDevices(
  database: Database,
  configured: readonly ConfiguredDevice[],
): ReadonlyMap<string, KnownDevice> {
  return recognise(allRows(database), configured);
}

type Match = (device: ConfiguredDevice, row: Row) => boolean;

/** One with another serial number is another device, however it is named or connected. */
const mayBe: Match = ({ serial }, row) => serial === undefined || row.serial === null;

/**
 * The surest first. Neither another name, nor another place, nor a serial number that is noted down later makes
 * another device of one that is known.
 */
const matches: readonly Match[] = [
  ({ serial }, row) => serial !== undefined && serial === row.serial,
  (device, row) => mayBe(device, row) && device.id === row.id,
  (device, row) => mayBe(device, row) && device.port === row.port && isAt(device, row),
];

/** The database keeps what looks like a number as one. */
function isAt(device: ConfiguredDevice, row: Row): boolean {
  return String(device.address) === String(row.address);
}

function recognise(rows: readonly Row[], configured: readonly ConfiguredDevice[]): Map<string, Row> {
  const recognised = new Map<string, Row>();
  const taken = new Set<Row>();
  for (const match of matches) {
    for (const device of configured) {
      // The latest: an id or a place may have had several devices, one after the other.
      const row = recognised.has(device.id) ? undefined : rows.findLast((one) => !taken.has(one) && match(device, one));
      if (row === undefined) continue;
      recognised.set(device.id, row);
      taken.add(row);
    }
  }
  return recognised;
}

/**
 * What a serial number says of a device: the one it was thought to be; one known from before, of which nothing was read
 * yet under this name; another one than that which was read before; or nothing, since several say the same.
 */
export type Identity = 'same' | 'known' | 'other' | 'shared';

interface Identified {
  readonly known: KnownDevice;
  readonly identity: Identity;
}

interface Found {
  readonly serial: string;
  /** Rows of the other devices that have said their number, and of those whose number is configured. */
  readonly heard: ReadonlySet<number>;
  readonly configured: ReadonlySet<number>;
  readonly now: EpochMs;
}

/** @returns the row of the device that says it has this serial number */
export function identify(
  database: Database,
  configured: ConfiguredDevice,
  current: KnownDevice,
  found: Found,
): Identified {
  const { serial, now } = found;
  return database.transaction((): Identified => {
    const rows = allRows(database);
    const row = rows.find(({ number }) => number === current.number);
    if (row === undefined) throw new TypeError(`device ${configured.id}: expected a row ${current.number}`);
    const holder = rows.findLast((one) => one.serial === serial);
    // Several devices that say the same number say nothing by it, whichever of them is heard first.
    if (isTaken(row, holder, found) || isShared(database, serial)) {
      database.prepare('INSERT OR IGNORE INTO shared_serials (serial) VALUES (?)').run(serial);
      return { known: row, identity: 'shared' };
    }
    if (row.serial === serial) return { known: row, identity: 'same' };
    if (holder !== undefined) {
      const isNew = row.serial === null && !wasRead(database, row);
      if (isNew) giveWay(database, row, holder, now);
      return { known: update(database, { ...configured, serial }, holder), identity: isNew ? 'known' : 'other' };
    }
    if (row.serial === null) return { known: update(database, { ...configured, serial }, row), identity: 'same' };
    return { known: insert(database, { ...configured, serial }), identity: 'other' };
  })();
}

/** Where another number was heard before, the meter is another one now: it may have been taken from the other's place. */
function isTaken(row: Row, holder: Row | undefined, { heard, configured }: Found): boolean {
  if (holder === undefined || holder.number === row.number) return false;
  return configured.has(holder.number) || (row.serial === null && heard.has(holder.number));
}

/** For a device whose row turned out to be of another: what it is is not known yet. */
export function rememberAnew(database: Database, configured: ConfiguredDevice): KnownDevice {
  return database.transaction(() => insert(database, configured))();
}

function isShared(database: Database, serial: string): boolean {
  return database.prepare('SELECT 1 FROM shared_serials WHERE serial = ?').get(serial) !== undefined;
}

function wasRead(database: Database, { number }: Row): boolean {
  return database.prepare('SELECT 1 FROM series WHERE device = ?').get(number) !== undefined;
}

/** What was agreed to for a device of which nothing was read was meant for the one that it turns out to be. */
function giveWay(database: Database, row: Row, holder: Row, now: EpochMs): void {
  new PublicationStore(database).moveSource(row.source, holder.source, now);
  // Else the next start would take the device for this row again.
  database.prepare('DELETE FROM devices WHERE number = ?').run(row.number);
}

function allRows(database: Database): Row[] {
  return database
    .prepare<[], Row>('SELECT number, source, id, serial, port, address FROM devices ORDER BY number')
    .all();
}

function insert(database: Database, { id, serial, port, address }: ConfiguredDevice): KnownDevice {
  const last = database.prepare<[], { number: number | null }>('SELECT max(number) AS number FROM devices').get();
  const number = (last?.number ?? 0) + 1;
  const source = serial === undefined ? `device ${number}` : `serial ${serial}`;
  database
    .prepare('INSERT INTO devices (number, source, id, serial, port, address) VALUES (?, ?, ?, ?, ?, ?)')
    .run(number, source, id, serial ?? null, port, address);
  return { number, source };
}

function update(database: Database, { id, serial, port, address }: ConfiguredDevice, row: Row): KnownDevice {
  database
    .prepare('UPDATE devices SET id = ?, serial = ?, port = ?, address = ? WHERE number = ?')
    .run(id, serial ?? row.serial, port, address, row.number);
  return row;
}
