/** A home with a meter that measures several quantities, behind another one; and their readings. */
import { AgentYaml, type Settings } from '../../agent/config-schema.ts';
import type { Database } from '../../agent/store/database.ts';
import { configuredDevices, rememberDevices } from '../../agent/store/device-store.ts';
import { ReadingStore } from '../../agent/store/reading-store.ts';
import { HomeTensors } from '../../agent/store/tensor-store.ts';
import { epochMs } from '../../broker/protocol/clock.ts';
import { quantities } from '../../hardware/quantity.ts';
import { hour } from './made-agent.ts';

type MeteredSettings = Pick<Settings, 'devices' | 'tensors' | 'buses'>;

const device = { bus: 'line', profile: 'eastron-sdm120', pollEvery: '1h' };

export const meteredSettings: MeteredSettings = AgentYaml.parse({
  home: 'bob',
  dataDir: '.',
  broker: { url: 'mqtt://localhost' },
  buses: [{ id: 'line', port: '/dev/line' }],
  devices: [
    { ...device, id: 'main', address: 1, serial: 'M-1' },
    { ...device, id: 'fridge', address: 2, serial: 'F-1', parent: 'main' },
  ],
  tensors: ['energyImport', 'energyExport', 'power', 'current'].flatMap((quantity) =>
    ['main', 'fridge'].map((id) => ({
      ...{ id: `${id}-${quantity.toLowerCase()}`, device: id, quantity },
      ...{ tags: ['#energy-consumption', `#${id}`], capacity: 3680 },
    })),
  ),
});

export function meteredIn(database: Database): HomeTensors {
  const devices = rememberDevices(database, configuredDevices(meteredSettings));
  const readings = new ReadingStore(database);
  // Later than all that is read.
  const clock = { now: () => epochMs(Number.MAX_SAFE_INTEGER) };
  return new HomeTensors({ database, settings: meteredSettings, devices, readings, clock });
}

/** Each hour: a counter has gone on by 100, a level is 100. */
export function readMeters(database: Database, from: number, until: number): void {
  const devices = rememberDevices(database, configuredDevices(meteredSettings));
  const hours = Array.from({ length: (until - from) / hour + 1 }, (_, nth) => nth);
  new ReadingStore(database).append(
    hours.flatMap((nth) =>
      meteredSettings.tensors.map(({ device: id, quantity }) => ({
        ...{ device: devices.get(id)?.number ?? 0, quantity, at: epochMs(from + nth * hour) },
        value: quantities[quantity].kind === 'counter' ? nth * 100 : 100,
      })),
    ),
  );
}
