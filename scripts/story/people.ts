/**
 * The people of the story and what they use: the figures of OpenMined's smart-home tutorial, in kWh per 6-hour slot.
 * https://github.com/OpenMined/PyGrid, examples/data-centric/smart-home
 */
import { epochMs } from '../../broker/protocol/clock.ts';

export const cohort = 'oak-street';
export const hour = 3_600_000;
export const slot = 6 * hour;
/** The metered day. */
export const day = '2026-11-23';
export const midnight = epochMs(Date.parse(`${day}T00:00:00Z`));

/** One appliance; `kwh` is what it uses in each of the day's four slots. */
export interface Appliance {
  readonly id: string;
  readonly description: string;
  readonly kwh: readonly number[];
}

export interface MeteredAppliance extends Appliance {
  readonly profile: string;
  /** On the home's line; a meter with a P1 port has a port of its own, and no address. */
  readonly address?: number;
}

export interface Person {
  readonly home: string;
  readonly name: string;
  /** Read from meters: on one serial line, or each on a port of its own. */
  readonly metered: readonly MeteredAppliance[];
  /** Entered by hand. */
  readonly byHand: readonly Appliance[];
}

const meter = (id: string, description: string, kwh: readonly number[], address: number): MeteredAppliance => ({
  id,
  description,
  kwh,
  address,
  profile: 'eastron-sdm120',
});

export const people: readonly Person[] = [
  {
    home: 'bob',
    name: 'Bob',
    metered: [
      meter('light-bulb', 'Light bulb in the hall', [5.0, 8.5, 9.7, 2.5], 1),
      meter('coffee-pot', 'Coffee pot in the kitchen', [2.5, 3.7, 1.2, 1.0], 2),
      meter('fridge', 'Fridge in the kitchen', [8.0, 4.9, 7.0, 10.9], 3),
    ],
    byHand: [],
  },
  {
    home: 'alice',
    name: 'Alice',
    metered: [],
    byHand: [
      { id: 'light-bulb', description: 'Light bulb, read off by hand', kwh: [3.0, 2.5, 6.7, 4.5] },
      { id: 'coffee-pot', description: 'Coffee pot, read off by hand', kwh: [0.5, 1.7, 5.2, 1.0] },
      { id: 'fridge', description: 'Fridge, read off by hand', kwh: [3.0, 4.9, 8.0, 5.9] },
    ],
  },
  {
    home: 'bill',
    name: 'Bill',
    metered: [
      meter('light-bulb', 'Light bulb on the porch', [8.0, 7.5, 9.7, 2.5], 1),
      { id: 'fridge', description: 'Fridge in the cellar', kwh: [3.7, 4.3, 8.0, 5.9], profile: 'dsmr-p1' },
    ],
    byHand: [],
  },
  { home: 'james', name: 'James', metered: [], byHand: [] },
];

/** One of a home's wires, and what hangs on it. */
export interface Wire {
  readonly id: string;
  readonly baudRate: number;
  /** Asked by Modbus, or sending telegrams by itself. */
  readonly kind: 'modbus' | 'p1';
  readonly appliances: readonly MeteredAppliance[];
}

export function wiresOf({ home, metered }: Person): Wire[] {
  const onLine = metered.filter(({ address }) => address !== undefined);
  const alone = metered.filter(({ address }) => address === undefined);
  const line: Wire = { id: `${home}-line`, baudRate: 9600, kind: 'modbus', appliances: onLine };
  const ports = alone.map(
    (one): Wire => ({ id: `${home}-${one.id}`, baudRate: 115_200, kind: 'p1', appliances: [one] }),
  );
  return [...(onLine.length > 0 ? [line] : []), ...ports];
}

/** What the story has to come to: 0.5 · mean + 5, ct/kWh per slot. */
export const tariff: readonly number[] = [10.6167, 11.3333, 14.25, 10.7];

/** W per slot of an appliance. */
export function wattsAt(appliance: Appliance, at: number): number {
  const index = Math.floor((at - midnight) / slot);
  return ((appliance.kwh[index] ?? 0) * 1000 * hour) / slot;
}
