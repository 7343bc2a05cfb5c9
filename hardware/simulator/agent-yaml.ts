/**
 * What an agent needs in its configuration to read a simulated household. Pure.
 */

import { basename, resolve } from 'node:path';
import { Document } from 'yaml';
import { placesOf, settingsOf } from './household.ts';
import type { Household, HouseholdLine, MeteredPlace } from './household-schema.ts';

/** Buses, devices, tensors and plugs, to be put into an agent.yaml. */
export function agentYaml(household: Household, folder: string): string {
  const { lines } = household;
  const devices = lines.flatMap((line) => placesOf(line).map((place) => ({ line, place })));
  const plugs = lines.flatMap((line) => plugsOf(line, devices));
  const document = new Document({
    buses: lines.map((line) => {
      const { baudRate, parity, dataBits, stopBits } = settingsOf(line);
      const framing = { parity, dataBits, stopBits };
      return { id: busOf(line), port: resolve(folder, line.link), baudRate, ...framing };
    }),
    devices: devices.map(({ line, place }) => ({ id: place.id, bus: busOf(line), ...whichOf(line, place) })),
    tensors: devices.map(({ place }) => ({
      id: place.id,
      device: place.id,
      tags: ['#energy-consumption'],
      capacity: capacityOf(household, place),
    })),
    ...(plugs.length > 0 && { plugs }),
  });
  return document.toString({ lineWidth: 0 });
}

function busOf({ link }: HouseholdLine): string {
  return (
    basename(link)
      .toLowerCase()
      .replace(/[^a-z0-9.-]+/g, '-')
      .replace(/^[.-]+|[.-]+$/g, '') || 'line'
  );
}

function whichOf(line: HouseholdLine, place: MeteredPlace): { address?: number; profile: string } {
  switch (line.protocol) {
    case 'modbus': {
      const { address, profile } = line.devices.find((device) => device === place) ?? { profile: '' };
      return { ...(address !== undefined && { address }), profile };
    }
    case 'dsmr':
      return { profile: line.version === '2.2' ? 'dsmr-p1-v2' : 'dsmr-p1' };
    case 'iec62056':
      return { profile: line.asked ? 'iec62056-pull' : 'iec62056-push' };
    default:
      return { profile: line.protocol };
  }
}

function plugsOf(line: HouseholdLine, devices: readonly { readonly place: MeteredPlace }[]) {
  const relays =
    line.protocol === 'modbus'
      ? line.relays
      : line.protocol === 'lcus'
        ? [{ profile: 'lcus', address: undefined, channels: line.channels }]
        : [];
  return relays.flatMap(({ address, profile, channels }) =>
    Object.entries(channels).map(([channel, appliance]) => {
      // The meter that counts nothing else.
      const meter = devices.find(({ place }) => place.appliances.length === 1 && place.appliances[0] === appliance);
      return {
        id: appliance,
        bus: busOf(line),
        ...(address !== undefined && { address }),
        profile,
        channel: Number(channel),
        ...(meter !== undefined && { meter: meter.place.id }),
      };
    }),
  );
}

/** What all of it draws at once, up to the next ordinary fuse. */
function capacityOf({ appliances }: Household, place: MeteredPlace): number {
  const most = place.appliances.reduce((sum, name) => sum + Math.abs(appliances[name]?.watts ?? 0), 0);
  return [3680, 11_040, 24_150, 69_000].find((fuse) => fuse >= most) ?? Math.ceil(most);
}
