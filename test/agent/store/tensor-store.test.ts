import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentYaml } from '../../../agent/config-schema.ts';
import { tensorsToAdd } from '../../../agent/policy/matching-tensors.ts';
import type { OwnTensor } from '../../../agent/policy/own-tensor.ts';
import { ClockDoubts } from '../../../agent/store/clock-doubts.ts';
import type { Database } from '../../../agent/store/database.ts';
import { rememberDevices } from '../../../agent/store/device-store.ts';
import { EnteredStore } from '../../../agent/store/entered-store.ts';
import { PublicationStore } from '../../../agent/store/publication-store.ts';
import { ReadingStore } from '../../../agent/store/reading-store.ts';
import { HomeTensors } from '../../../agent/store/tensor-store.ts';
import { catalogueEntries } from '../../../agent/tensors/catalogue.ts';
import type { Coverage, NewTensor } from '../../../agent/tensors/tensor.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { Catalogue } from '../../../broker/protocol/messages.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';
import { codeOf } from '../policy/code-of.ts';

/** Which slots have a value. */
const known = (coverage: readonly Coverage[]) => coverage.map((one) => one === 'covered');

const hour = 3_600_000;
const minute = 60_000;
const now = epochMs(10 * hour);
const clock = { now: () => now };

const device = { bus: 'line', profile: 'eastron-sdm120', pollEvery: '1m' };
const settings = AgentYaml.parse({
  home: 'bob',
  dataDir: '.',
  broker: { url: 'mqtt://localhost' },
  buses: [{ id: 'line', port: '/dev/line' }],
  devices: [
    { ...device, id: 'main', address: 1 },
    { ...device, id: 'kitchen', address: 2, parent: 'main' },
    { ...device, id: 'fridge', address: 3, parent: 'kitchen' },
  ],
  tensors: [
    { id: 'fridge', device: 'fridge', tags: ['#fridge'], capacity: 3680, description: 'in the kitchen' },
    { id: 'fridge-power', device: 'fridge', quantity: 'power', tags: ['#fridge'], capacity: 3680 },
  ],
});

const byHand: NewTensor = {
  id: 'bulb',
  tags: ['#light-bulb'],
  description: 'read off',
  quantity: 'energyImport',
  unit: 'Wh',
  capacity: [1, 3],
  from: epochMs(0),
  stepMs: hour,
  values: [100, 200, 300],
};

let folder: { folder: string; remove: () => void };
let database: Database;
let readings: ReadingStore;

beforeEach(() => {
  folder = temporaryFolder();
  database = openAgentDatabase(folder.folder);
  readings = new ReadingStore(database);
});
afterEach(() => {
  database.close();
  folder.remove();
});

function tensors(changes: Partial<typeof settings> = {}): HomeTensors {
  const configured = { ...settings, ...changes };
  const devices = rememberDevices(
    database,
    configured.devices.map(({ id, address, serial }) => ({ id, port: '/dev/line', address, serial })),
  );
  return new HomeTensors({ database, settings: configured, devices, readings, clock });
}

/** One reading a minute of the fridge, 10 Wh a minute, from 0 to 4 h. */
function readFridge(): void {
  readings.append(
    Array.from({ length: 241 }, (_, index) => ({
      device: 3,
      quantity: 'energyImport' as const,
      at: epochMs(index * minute),
      value: index * 10,
    })),
  );
}

describe('tensors of devices', () => {
  it('are the readings, resampled to the slots asked for', () => {
    const all = tensors();
    readFridge();
    const { values, coverage } = all.slots(
      { id: 'fridge', quantity: 'energyImport' },
      { from: 0, step: hour, slots: 5 },
    );
    expect([...values]).toEqual([600, 600, 600, 600, 0]);
    expect(known(coverage)).toEqual([true, true, true, true, false]);
  });

  it('are marked as derived where the device counts no energy', () => {
    const all = tensors();
    const ask = () => all.slots({ id: 'fridge', quantity: 'energyImport' }, { from: 0, step: hour, slots: 1 });
    const marks = () => [ask().derived, all.get('fridge').derived];
    expect(marks()).toEqual([false, false]);
    const powers = Array.from({ length: 61 }, (_, index) => ({ at: epochMs(index * minute), value: index * 10 }));
    readings.append(powers.map((one) => ({ device: 3, quantity: 'power', ...one })));
    expect(marks()).toEqual([true, true]);
    expect([...ask().values]).toEqual([300]);
    expect(all.get('fridge').shape).toEqual([61]);
    expect(all.get('fridge-power').derived).toBe(false);
    readFridge();
    expect(marks()).toEqual([false, false]);
  });

  it('say where readings are missing because nobody knew the time', () => {
    const made = tensors();
    for (const at of [0, 60, 62, 120, 180]) {
      readings.append([{ device: 3, quantity: 'energyImport', at: epochMs(at * minute), value: at }]);
    }
    new ClockDoubts(database).keep(epochMs(120 * minute + 1), epochMs(150 * minute));
    const grid = { from: 30 * minute, step: 30 * minute, slots: 4 };
    const { coverage } = made.slots({ id: 'fridge', quantity: 'energyImport' }, grid);
    expect(coverage).toEqual(['gap', 'gap', 'gap', 'clock']);
  });

  it('have one source for one device; what power tells of is what the energy does, and the export', () => {
    const all = tensors();
    const [{ source: energy }, { source: power }] = [all.get('fridge'), all.get('fridge-power')];
    expect(power.device).toBe(energy.device);
    expect([energy.families, power.families]).toEqual([['import'], ['import', 'export']]);
    expect(all.get('fridge')).toMatchObject({ unit: 'Wh', capacity: [368, 1], device: 'fridge' });
  });

  it('know behind which other devices theirs is wired', () => {
    expect(tensors().ancestorsOf('fridge')).toEqual(['kitchen', 'main']);
    expect(tensors().ancestorsOf('main')).toEqual([]);
  });

  it('of three that are wired one behind the other only the outermost that is published is added up', () => {
    const nested = ['main', 'kitchen', 'fridge'].map((id) => ({ id, device: id, tags: ['#house'], capacity: 3680 }));
    const all = tensors({ tensors: AgentYaml.shape.tensors.parse(nested) });
    const query = { tags: ['#house'], quantity: 'energyImport', unit: 'Wh' };
    const added = () => {
      const own = all.list().map((tensor): OwnTensor => {
        const { device = '' } = tensor;
        return { ...tensor, device, ancestors: all.ancestorsOf(device), shown: true };
      });
      return tensorsToAdd(own, query).map(({ id }) => id);
    };
    for (const { id } of nested) all.publish(id, undefined, now);
    expect(added()).toEqual(['main']);
    all.withdraw('kitchen');
    expect(added()).toEqual(['main']);
    all.withdraw('main');
    expect(added()).toEqual(['fridge']);
  });

  it('that were published stay so, until the same name is another thing', () => {
    tensors().publish('fridge', undefined, now);
    expect(tensors().get('fridge')).toMatchObject({ published: true, consentFrom: now });
    const other = settings.tensors.map((tensor) => ({ ...tensor, device: 'kitchen' }));
    expect(tensors({ tensors: other }).get('fridge').published).toBe(false);
    const replaced = settings.devices.map((one) => ({ ...one, serial: `new ${one.id}` }));
    tensors({ devices: replaced });
    const again = settings.devices.map((one) => ({ ...one, serial: `newer ${one.id}` }));
    expect(tensors({ devices: again }).get('fridge').published).toBe(false);
  });

  it('may not take a name that was entered by hand, not even once', () => {
    const all = tensors();
    all.add(byHand, now);
    const named = [{ ...settings.tensors[0], id: 'bulb' } as (typeof settings.tensors)[0]];
    expect(codeOf(() => tensors({ tensors: named }))).toBe('TENSOR_EXISTS');
    all.remove('bulb', now);
    expect(codeOf(() => tensors({ tensors: named }))).toBe('TENSOR_NAME_SPENT');
  });
});

describe('tensors entered by hand', () => {
  it('answer the grid they were entered on', () => {
    const all = tensors();
    all.add(byHand, now);
    expect(all.ownGrids('bulb')).toEqual([{ from: 0, step: hour, slots: 3 }]);
    expect([...all.slots({ id: 'bulb', quantity: 'energyImport' }, { from: 0, step: hour, slots: 3 }).values]).toEqual([
      100, 200, 300,
    ]);
    expect(all.get('bulb').source).toEqual({ device: 'entered bulb', families: ['import'] });
    expect(all.get('bulb').device).toBeUndefined();
  });

  it('are on disk at once', () => {
    tensors().add(byHand, now);
    database.close();
    database = openAgentDatabase(folder.folder);
    readings = new ReadingStore(database);
    expect(tensors().get('bulb')).toMatchObject({ shape: [3], from: 0, until: 3 * hour, capacity: [1, 3] });
  });

  describe('in slots that are not equally long', () => {
    const days = { ...byHand, steps: [24, 25, 24] };
    const later = epochMs(100 * hour);
    const name = { id: 'bulb', quantity: 'energyImport' } as const;

    it('count as slots, from the first that consent reaches', () => {
      const all = tensors();
      all.add(days, later);
      expect(all.get('bulb')).toMatchObject({ shape: [3], from: 0, until: 73 * hour });
      all.publish('bulb', epochMs(20 * hour), later);
      expect(all.get('bulb')).toMatchObject({ shape: [2], from: 24 * hour, until: 73 * hour });
    });

    it('lose those that a stretch of time has part in, whole, and keep the others', () => {
      tensors().add(days, later);
      expect(new EnteredStore(database).erase({ from: 30 * hour, until: 31 * hour }, later)).toBe(1);
      const all = tensors();
      const slots = (all.ownGrids('bulb') ?? []).flatMap((grid) => {
        const { values, coverage } = all.slots(name, grid);
        return coverage.map((one, slot) => (one === 'covered' ? values[slot] : undefined));
      });
      expect(slots).toEqual([100, undefined, 300]);
    });
  });

  it('keep their names for ever', () => {
    const all = tensors();
    all.add(byHand, now);
    expect(codeOf(() => all.add(byHand, now))).toBe('TENSOR_EXISTS');
    all.remove('bulb', now);
    expect(codeOf(() => all.get('bulb'))).toBe('TENSOR_UNKNOWN');
    expect(codeOf(() => all.slots({ id: 'bulb', quantity: 'energyImport' }, { from: 0, step: hour, slots: 1 }))).toBe(
      'TENSOR_UNKNOWN',
    );
    expect(codeOf(() => all.add(byHand, now))).toBe('TENSOR_NAME_SPENT');
    expect(codeOf(() => tensors().add({ ...byHand, id: 'fridge' }, now))).toBe('TENSOR_EXISTS');
  });

  it('leave no value behind when they are removed', () => {
    const all = tensors();
    all.add(byHand, now);
    all.publish('bulb', undefined, now);
    all.remove('bulb', now);
    expect(database.prepare('SELECT count(*) AS left FROM entered_values').get()).toEqual({ left: 0 });
    expect(database.prepare('SELECT count(*) AS left FROM publications').get()).toEqual({ left: 0 });
  });

  it('cannot be removed where they come from a device', () => {
    expect(codeOf(() => tensors().remove('fridge', now))).toBe('TENSOR_FROM_DEVICE');
  });
});

describe('consent', () => {
  it('to a device is from now on, to what was entered by hand from its first slot', () => {
    const all = tensors();
    all.add(byHand, now);
    all.publish('fridge', undefined, now);
    all.publish('bulb', undefined, now);
    expect(all.get('fridge').consentFrom).toBe(now);
    expect(all.get('bulb').consentFrom).toBe(0);
  });

  it('reaches back as far as is said, and not into the future', () => {
    const all = tensors();
    all.publish('fridge', epochMs(hour), now);
    expect(all.get('fridge').consentFrom).toBe(hour);
    expect(codeOf(() => all.publish('fridge', epochMs(now + 1), now))).toBe('SINCE_IN_FUTURE');
  });

  it('that was given stays as it was when it is given once more', () => {
    const all = tensors();
    all.publish('fridge', undefined, now);
    all.publish('fridge', undefined, epochMs(now + hour));
    expect(all.get('fridge').consentFrom).toBe(now);
  });

  it('that was withdrawn and given anew is from then on', () => {
    const all = tensors();
    all.publish('fridge', undefined, now);
    all.withdraw('fridge');
    expect(all.get('fridge').published).toBe(false);
    expect(all.get('fridge').consentFrom).toBeGreaterThan(Date.parse('9999-01-01'));
    all.publish('fridge', undefined, epochMs(now + hour));
    expect(all.get('fridge').consentFrom).toBe(now + hour);
  });

  it('and every other change is told of', () => {
    const all = tensors();
    let changes = 0;
    all.onChange(() => {
      changes += 1;
    });
    all.add(byHand, now);
    all.publish('bulb', undefined, now);
    all.withdraw('bulb');
    all.remove('bulb', now);
    expect(changes).toBe(4);
  });
});

describe('what cannot be published', () => {
  it('is a tensor of a device that no agent has run with: nobody would know what was agreed to', () => {
    const unknown = new HomeTensors({ database, settings, devices: new Map(), readings, clock });
    expect(codeOf(() => unknown.publish('fridge', undefined, now))).toBe('DEVICE_NOT_KNOWN');
    expect(tensors().get('fridge').published).toBe(false);
    expect(unknown.get('fridge').published).toBe(false);
  });

  it('is more than a catalogue holds', () => {
    const all = tensors();
    const ids = Array.from({ length: 257 }, (_, at) => `bulb-${at}`);
    const publications = new PublicationStore(database);
    database.transaction(() => {
      for (const id of ids) {
        all.add({ ...byHand, id }, now);
        const consent = { source: `entered ${id}`, quantity: byHand.quantity, consentFrom: now };
        if (id !== 'bulb-256') publications.publish({ tensor: id, ...consent }, now);
      }
    })();
    expect(codeOf(() => all.publish('bulb-256', undefined, now))).toBe('CATALOGUE_FULL');
    all.publish('bulb-255', epochMs(hour), now);
    all.withdraw('bulb-0');
    all.publish('bulb-256', undefined, now);
    expect(all.get('bulb-256').published).toBe(true);
  });
});

describe('the catalogue', () => {
  it('names what is published, as far as consent reaches, and can be sent', () => {
    const all = tensors();
    readFridge();
    all.add(byHand, now);
    all.add({ ...byHand, id: 'secret' }, now);
    all.publish('fridge', epochMs(3 * hour), now);
    all.publish('bulb', epochMs(hour), now);
    const entries = catalogueEntries(all.list());
    expect(entries).toEqual([
      expect.objectContaining({ id: 'bulb', shape: [2], from: hour, until: 3 * hour, capacity: [1, 3] }),
      expect.objectContaining({ id: 'fridge', shape: [61], from: 3 * hour, until: 4 * hour, unit: 'Wh' }),
    ]);
    const bytes = Catalogue.encode({ home: 'bob', sequence: 1, tensors: entries });
    expect(Catalogue.decode(bytes).tensors).toEqual(entries);
  });
});

it('a name that is misspelt is told with the one that was meant', () => {
  expect(() => tensors().get('frigde')).toThrow(/did you mean fridge\?/);
});
