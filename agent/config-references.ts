/**
 * What one part of a configuration says of another: names that are unique, devices on a bus that there is.
 */
import { type ConfigSource, invalid } from './config-problems.ts';
import type { DeviceSettings, PlugSettings, Settings } from './config-schema.ts';
import { nearest } from './nearest.ts';

/** @throws {AgentError} CONFIG_INVALID */
export function checkReferences(config: Settings, source: ConfigSource): void {
  const unique = <Item>(
    items: readonly Item[],
    nameOf: (item: Item) => string | undefined,
    [list, key]: readonly [string, string],
    why: string,
  ) => {
    const names = items.map(nameOf);
    const second = names.findIndex((name, index) => name !== undefined && names.indexOf(name) < index);
    if (second >= 0) throw invalid([list, second, key], why, source);
  };
  for (const list of ['buses', 'devices', 'tensors', 'plugs'] as const) {
    unique<{ id: string }>(config[list], ({ id }) => id, [list, 'id'], 'this id is used twice');
  }
  unique(config.buses, ({ port }) => port, ['buses', 'port'], 'another bus has this port already');
  const place = ({ bus, address }: DeviceSettings) => `${bus} ${address}`;
  unique(config.devices, place, ['devices', 'address'], 'another device on this bus has this address');
  unique(config.devices, ({ serial }) => serial, ['devices', 'serial'], 'another device has this serial number');
  const buses = config.buses.map(({ id }) => id);
  const devices = config.devices.map(({ id }) => id);
  config.devices.forEach(({ bus, parent }, index) => {
    assertKnown(bus, buses, 'bus', ['devices', index, 'bus'], source);
    if (parent !== undefined) assertKnown(parent, devices, 'device', ['devices', index, 'parent'], source);
  });
  config.tensors.forEach(({ device }, index) => {
    assertKnown(device, devices, 'device', ['tensors', index, 'device'], source);
  });
  const channel = (plug: PlugSettings) => `${plug.bus} ${plug.address} ${plug.channel}`;
  unique(config.plugs, channel, ['plugs', 'channel'], 'another plug is this channel');
  config.plugs.forEach((plug, index) => {
    const { bus, address, safety, meter } = plug;
    assertKnown(bus, buses, 'bus', ['plugs', index, 'bus'], source);
    if (meter !== undefined) assertKnown(meter, devices, 'device', ['plugs', index, 'meter'], source);
    // A board has one timer for all its channels.
    const other = config.plugs.find((one) => one.bus === bus && one.address === address);
    const why = `another plug on this board has ${other?.safety === undefined ? 'none' : 'another'}`;
    if (other?.safety !== safety) throw invalid(['plugs', index, 'safety'], why, source);
  });
  assertNoCircle(config.devices, source);
}

function assertKnown(
  name: string,
  known: readonly string[],
  what: string,
  at: readonly PropertyKey[],
  source: ConfigSource,
): void {
  if (known.includes(name)) return;
  const meant = nearest(name, known);
  const hint =
    meant === undefined ? (known.length > 0 ? `; there is ${known.join(', ')}` : '') : `; did you mean ${meant}?`;
  throw invalid(at, `there is no ${what} "${name}"${hint}`, source);
}

function assertNoCircle(devices: Settings['devices'], source: ConfigSource): void {
  devices.forEach(({ id }, index) => {
    const seen = new Set<string>();
    for (let at: string | undefined = id; at !== undefined; at = devices.find((device) => device.id === at)?.parent) {
      if (seen.has(at)) throw invalid(['devices', index, 'parent'], 'the device is wired behind itself', source);
      seen.add(at);
    }
  });
}
