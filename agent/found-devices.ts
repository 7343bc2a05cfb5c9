/**
 * What a scan has found, as lines of an agent.yaml: to be pasted, or written into one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Document, isMap, isSeq, parseDocument, stringify } from 'yaml';
import type { Found } from '../hardware/scan.ts';
import { AgentError, reasonOf } from './errors.ts';

interface BusEntry {
  readonly id: string;
  readonly port: string;
  readonly baudRate?: number;
  readonly parity?: string;
  readonly dataBits?: number;
  readonly stopBits?: number;
}

interface DeviceEntry {
  readonly id: string;
  readonly bus: string;
  readonly address?: number;
  readonly profile: string;
  readonly serial?: string;
}

interface Entries {
  readonly buses: readonly BusEntry[];
  readonly devices: readonly DeviceEntry[];
}

export function foundYaml(found: readonly Found[]): string {
  return stringify(entriesOf(found, { buses: [], devices: [] })).trimEnd();
}

/**
 * What is there already stays: a bus with the same port is used, a device at the same address not written again.
 * @throws {AgentError} CONFIG_UNREADABLE, CONFIG_NOT_YAML
 */
export function addToConfig(path: string, found: readonly Found[]): void {
  const document = configDocument(path);
  const there = document.toJS() as { buses?: BusEntry[]; devices?: DeviceEntry[] };
  const fresh = entriesOf(found, { buses: there.buses ?? [], devices: there.devices ?? [] });
  for (const [key, entries] of Object.entries(fresh)) {
    const list = document.get(key, true);
    if (isSeq(list)) for (const entry of entries as unknown[]) list.add(document.createNode(entry));
    else if ((entries as unknown[]).length > 0) document.set(key, entries);
  }
  writeFileSync(path, document.toString());
}

/** As it stands in the file, comments and all. @throws as `addToConfig` */
export function configDocument(path: string): Document {
  const document = parseDocument(textOf(path));
  const [mistake] = document.errors;
  if (mistake !== undefined || !isMap(document.contents)) {
    throw new AgentError('CONFIG_NOT_YAML', {
      path,
      line: mistake?.linePos?.[0].line ?? 1,
      why: mistake?.message ?? 'no settings',
    });
  }
  return document;
}

function entriesOf(found: readonly Found[], there: Entries): Entries {
  const buses = [...there.buses];
  const devices = [...there.devices];
  for (const { port, settings, address, profiles, serial } of found) {
    const [profile] = profiles;
    if (profile === undefined) continue;
    let bus = buses.find((one) => one.port === port);
    if (bus === undefined) {
      bus = { id: freeId('line', buses), port, ...settings };
      buses.push(bus);
    }
    const { id } = bus;
    if (devices.some((device) => device.bus === id && (address === undefined || device.address === address))) continue;
    devices.push({
      id: freeId('meter', devices),
      bus: id,
      ...(address !== undefined && { address }),
      profile,
      ...(serial !== undefined && { serial }),
    });
  }
  return { buses: buses.slice(there.buses.length), devices: devices.slice(there.devices.length) };
}

function freeId(kind: string, taken: readonly { readonly id: string }[]): string {
  for (let number = 1; ; number++) {
    const id = `${kind}-${number}`;
    if (!taken.some((one) => one.id === id)) return id;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AgentError('CONFIG_UNREADABLE', { path, why: reasonOf(error) }, { cause: error });
  }
}
