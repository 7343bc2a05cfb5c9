/**
 * What an agent stores, step by step, each told apart from every other; and whether a step is there, whole.
 */
import { type Database, openDatabase } from '../../../../agent/store/database.ts';
import { rememberDevices } from '../../../../agent/store/device-store.ts';
import { Ledger } from '../../../../agent/store/ledger.ts';
import { migrations } from '../../../../agent/store/migrations.ts';
import { ReadingStore } from '../../../../agent/store/reading-store.ts';
import { ReadingTiers } from '../../../../agent/store/reading-tiers.ts';
import { RoundStore } from '../../../../agent/store/round-store.ts';
import { HomeTensors } from '../../../../agent/store/tensor-store.ts';
import { epochMs } from '../../../../broker/protocol/clock.ts';
import { toHex } from '../../../../broker/protocol/hex.ts';
import type { Round } from '../../../../broker/protocol/round.ts';

const start = Date.parse('2026-06-01T00:00:00Z');
/** So long that hours come to be condensed in a short record. */
const stepMs = 5 * 60_000;
const quarterMs = 15 * 60_000;
const configured = Array.from({ length: 8 }, (_, at) => ({
  ...{ id: `plug-${at}`, port: '/dev/ttyUSB0', address: at + 1, serial: `${1000 + at}` },
}));

/** All that writes to the agent's database. */
export class Stores {
  readonly database: Database;
  readonly readings: ReadingStore;
  readonly tiers: ReadingTiers;
  readonly rounds: RoundStore;
  readonly tensors: HomeTensors;
  readonly devices: readonly number[];

  constructor(path: string) {
    this.database = openDatabase(path, migrations);
    const { database } = this;
    const devices = rememberDevices(database, configured);
    this.devices = [...devices.values()].map(({ number }) => number);
    this.readings = new ReadingStore(database);
    this.tiers = new ReadingTiers(database);
    this.rounds = new RoundStore(database, new Ledger(database));
    this.tensors = new HomeTensors({
      ...{ database, devices, readings: this.readings },
      settings: { devices: [], tensors: [] },
      clock: { now: () => epochMs(Number.MAX_SAFE_INTEGER) },
    });
  }
}

export const roundIdOf = (step: number): Buffer => Buffer.alloc(16, step);
const cellOf = (step: number) => ({ device: `serial ${step}`, family: 'import', from: 1000, until: 2000 });
const reportOf = (step: number) => Buffer.alloc(2000 + step, step);
const tensorOf = (step: number) => `entered-${step}`;
const instantOf = (step: number) => epochMs(start + step * stepMs);

export type Kind = 'readings' | 'report' | 'values by hand';

export function kindOf(step: number): Kind {
  if (step % 10 === 4) return 'report';
  return step % 10 === 8 ? 'values by hand' : 'readings';
}

/** @param roundOf with the id of the step */
export function write({ readings, rounds, tensors, devices }: Stores, step: number, roundOf: () => Round): void {
  const at = instantOf(step);
  switch (kindOf(step)) {
    case 'readings':
      readings.append(
        devices.map((device) => ({ device, quantity: 'energyImport', at, value: step * 100 + device }) as const),
      );
      break;
    case 'report': {
      const round = roundOf();
      rounds.bind(round, at);
      rounds.keepReport(round, { report: reportOf(step), cells: [cellOf(step)], tensors: [tensorOf(step)] }, at);
      break;
    }
    case 'values by hand':
      tensors.add(
        {
          ...{ id: tensorOf(step), tags: ['#fridge'], description: '', quantity: 'energyImport', unit: 'Wh' },
          ...{ capacity: [3680, 0], from: epochMs(start), stepMs: quarterMs, values: [step, step + 1] },
        },
        at,
      );
  }
}

export function isThere({ readings, rounds, tensors, devices }: Stores, step: number): boolean {
  const at = instantOf(step);
  switch (kindOf(step)) {
    case 'readings':
      return devices.every((device) => {
        const found = readings.around(device, 'energyImport', at, at, 0);
        return found.length === 1 && found[0]?.value === step * 100 + device;
      });
    case 'report': {
      const id = toHex(roundIdOf(step));
      const report = rounds.round(id)?.report;
      return report?.length === reportOf(step).length && rounds.spentIn([cellOf(step)]) === id;
    }
    case 'values by hand': {
      if (!tensors.list().some(({ id }) => id === tensorOf(step))) return false;
      const { values } = tensors.slots(
        { id: tensorOf(step), quantity: 'energyImport' },
        { from: start, step: quarterMs, slots: 2 },
      );
      return values[0] === step && values[1] === step + 1;
    }
  }
}
