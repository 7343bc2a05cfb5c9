import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentYaml } from '../../../agent/config-schema.ts';
import { type Polling, startPolling } from '../../../agent/polling/polling.ts';
import type { Database } from '../../../agent/store/database.ts';
import { configuredDevices, rememberDevices } from '../../../agent/store/device-store.ts';
import { ReadingStore } from '../../../agent/store/reading-store.ts';
import { steppedTime } from '../../../agent/time/time-watch.ts';
import { Troubles } from '../../../agent/troubles.ts';
import { epochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { type SerialSimulator, startSerialSimulator } from '../../../hardware/simulator/serial-simulator.ts';
import { keepingLog } from '../../broker/silent-log.ts';
import { never } from '../../hardware/never.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';

const minute = 60_000;
const start = epochMs(1_000 * minute);
const watts = { 1: 600, 2: 1200 };
const equalBlocks = fileURLToPath(new URL('../../hardware/equal-blocks.yaml', import.meta.url));

const bulb = { id: 'bulb', bus: 'line', address: 1, profile: 'eastron-sdm120', pollEvery: '1m' };
const fridge = { id: 'fridge', bus: 'line', address: 2, profile: 'hiking-dds238', pollEvery: '2m' };

let folder: { folder: string; remove: () => void };
let database: Database;
let readings: ReadingStore;
let simulator: SerialSimulator;
let metersNow: number;
let clock: SteppedClock;
let polling: Polling | undefined;
let trusted: boolean;
/** What the clock was put forward by since a reading was stamped. */
let shift: number;
let kept: ReturnType<typeof keepingLog>;

beforeEach(async () => {
  folder = temporaryFolder();
  database = openAgentDatabase(folder.folder);
  readings = new ReadingStore(database);
  clock = new SteppedClock(start);
  kept = keepingLog();
  [trusted, shift] = [true, 0];
  simulator = await simulate('line');
});
afterEach(async () => {
  await polling?.close();
  polling = undefined;
  await simulator.close();
  database.close();
  folder.remove();
});

function simulate(link: string): Promise<SerialSimulator> {
  metersNow = start;
  return startSerialSimulator({
    baudRate: 115_200,
    link: join(folder.folder, link),
    now: () => metersNow,
    devices: [
      { address: 1, profile: 'eastron-sdm120', load: watts[1], energyWh: 1000, since: start },
      { address: 2, profile: 'hiking-dds238', load: watts[2], energyWh: 2000, since: start },
      { address: 3, profile: equalBlocks, load: 1 },
    ],
  });
}

function poll(devices: readonly object[], tensors: readonly object[] = [], link = 'line'): Polling {
  const port = join(folder.folder, link);
  const settings = AgentYaml.parse({
    home: 'bob',
    dataDir: '.',
    broker: { url: 'mqtt://localhost' },
    buses: [{ id: 'line', port, baudRate: 115_200, timeout: '50ms', pause: '10ms' }],
    devices,
    tensors,
  });
  const known = rememberDevices(database, configuredDevices(settings));
  const troubles = new Troubles({ clock, log: kept.log });
  const time = {
    ...steppedTime,
    isTrusted: () => trusted,
    instantOf: ({ at }: { readonly at: number }) => epochMs(at + shift),
  };
  polling = startPolling({ settings, devices: known, readings, clock, time, troubles, log: kept.log });
  return polling;
}

/** The meters first, then who reads them. */
async function stepMinutes(...minutes: number[]): Promise<void> {
  for (const after of minutes) {
    metersNow = start + after * minute;
    await clock.stepTo(epochMs(metersNow));
  }
}

const instantsOf = (device: number, quantity: string) =>
  readings.around(device, quantity, 0, Number.MAX_SAFE_INTEGER, 0).map(({ at }) => (at - start) / minute);
const said = () => kept.lines.map((line) => JSON.parse(line) as { msg: string; code?: string; device?: string });

describe('polling', () => {
  it('reads each device at once, then by its own interval, all in time with the clock', async () => {
    poll([bulb, fridge]);
    await stepMinutes(0, 1, 2, 3, 4);
    expect(instantsOf(1, 'energyImport')).toEqual([0, 1, 2, 3, 4]);
    expect(instantsOf(2, 'energyImport')).toEqual([0, 2, 4]);
    const last = readings.around(1, 'energyImport', 0, Number.MAX_SAFE_INTEGER, 0).at(-1);
    expect(last?.value).toBeCloseTo(1000 + (watts[1] * 4) / 60, 1);
    expect(said().filter(({ code }) => code !== undefined)).toEqual([]);
  });

  it('has read before the clock is stepped at all', async () => {
    const { states } = poll([bulb, fridge]);
    await expect.poll(() => states().every(({ last }) => last?.at === start)).toBe(true);
  });

  it('keeps the last reading of each device, all that it said', async () => {
    const { states } = poll([bulb, fridge]);
    await stepMinutes(0);
    const [one, other] = states();
    expect(one).toMatchObject({ id: 'bulb', last: { at: start } });
    expect(one?.last?.measured).toContainEqual({ quantity: 'power', unit: 'W', value: watts[1] });
    expect(other?.last?.measured).toContainEqual({ quantity: 'power', unit: 'W', value: watts[2] });
  });

  it('stores energies always, levels where a tensor is made of them', async () => {
    poll([bulb, fridge], [{ id: 'p', device: 'bulb', quantity: 'power', tags: ['#p'], capacity: 1 }]);
    await stepMinutes(0);
    const stored = (device: number) => readings.last(device).map(({ quantity }) => quantity);
    expect(stored(1).toSorted()).toEqual(['energyExport', 'energyImport', 'power']);
    expect(stored(2).toSorted()).toEqual(['energyExport', 'energyImport']);
  });

  it.each([
    ['silent', 'METER_NO_ANSWER'],
    ['badCrc', 'METER_BAD_FRAME'],
  ] as const)('says once that a device is %s, and once that it is not any more', async (kind, code) => {
    const { states } = poll([bulb]);
    await stepMinutes(0);
    simulator.setFault(1, { kind });
    await stepMinutes(1, 2);
    expect(states()[0]).toMatchObject({ last: { at: start }, failure: { code, since: start + minute, tries: 2 } });
    expect(states()[0]?.failure?.until).toBeUndefined();
    simulator.setFault(1, undefined);
    await stepMinutes(3, 4, 5);
    expect(instantsOf(1, 'energyImport')).toEqual([0, 4, 5]);
    expect(states()[0]?.failure).toMatchObject({ code, until: start + 4 * minute });
    const [outage, end, ...more] = said();
    expect(outage).toMatchObject({ device: 'bulb', code, msg: expect.stringContaining('What to do: ') });
    expect(end).toMatchObject({ device: 'bulb', msg: 'bulb answers again, after 3m' });
    expect(more).toEqual([]);
  });

  it('asks a device that does not answer less and less often, the others as ever', async () => {
    const { states } = poll([
      { ...bulb, pollEvery: '2m' },
      { ...fridge, pollEvery: '10m' },
    ]);
    simulator.setFault(1, { kind: 'silent' });
    await stepMinutes(0, 20);
    // At 0, 2, 6, 10, 14 and 18 minutes: four minutes are the most intervals that five hold.
    expect(states()[0]?.failure).toMatchObject({ tries: 6, at: start + 18 * minute });
    expect(instantsOf(2, 'energyImport')).toEqual([0, 10, 20]);
  });

  it('tries a port that is not there at each interval, says so once, and goes on when it is there', async () => {
    const { states } = poll([bulb], [], 'elsewhere');
    await stepMinutes(0, 1, 2, 3);
    expect(states()[0]?.failure).toMatchObject({ code: 'PORT_NOT_FOUND', tries: 4 });
    expect(said()).toEqual([expect.objectContaining({ code: 'PORT_NOT_FOUND' })]);
    const late = await simulate('elsewhere');
    // The bus waits a moment of real time before it opens a port again that did not open.
    let minutes = 4;
    const read = async () => {
      await stepMinutes(minutes++);
      return states()[0]?.last?.at;
    };
    await expect.poll(read, { timeout: 10_000 }).toBeGreaterThanOrEqual(start + 4 * minute);
    expect(said()).toHaveLength(2);
    await polling?.close();
    polling = undefined;
    await late.close();
  });

  it('says once of a tensor that its device does not give what it is made of', async () => {
    const tensor = { id: 'hertz', device: 'odd', quantity: 'frequency', tags: ['#hertz'], capacity: 60 };
    poll([{ ...bulb, id: 'odd', address: 3, profile: equalBlocks }], [tensor]);
    await stepMinutes(0, 1, 2);
    expect(said()).toEqual([expect.objectContaining({ code: 'TENSOR_WITHOUT_READING' })]);
  });

  it('stores nothing while the clock is behind what is stored, says so once, and goes on', async () => {
    await poll([bulb]).close();
    readings.append([{ device: 1, quantity: 'energyImport', at: epochMs(start + 2 * minute), value: 1 }]);
    poll([bulb]);
    await stepMinutes(0, 1, 2, 3, 4);
    expect(instantsOf(1, 'energyImport')).toEqual([2, 3, 4]);
    expect(said()).toEqual([expect.objectContaining({ msg: expect.stringContaining('the clock is behind') })]);
  });

  it('stores a counter that falls as one that is not believed, and says so once', async () => {
    poll([bulb]);
    await stepMinutes(0, 1, 2);
    metersNow = start;
    await clock.stepTo(epochMs(start + 3 * minute));
    const marks = readings.around(1, 'energyImport', 0, Number.MAX_SAFE_INTEGER, 0).map(({ mark }) => mark);
    expect(marks).toEqual(['good', 'good', 'good', 'doubtful']);
    expect(said()).toEqual([expect.objectContaining({ code: 'COUNTER_FELL', device: 'bulb' })]);
  });

  it('goes on while nothing can be stored, says that once, and stores then what was read meanwhile', async () => {
    const { states } = poll([bulb]);
    await stepMinutes(0);
    database.pragma('query_only = ON');
    await stepMinutes(1, 2, 3);
    expect(states()[0]?.last?.at).toBe(clock.now());
    database.pragma('query_only = OFF');
    await stepMinutes(4);
    expect(instantsOf(1, 'energyImport')).toEqual([0, 1, 2, 3, 4]);
    expect(said().map(({ code, msg }) => code ?? msg)).toEqual(['DISK_READ_ONLY', 'readings are stored again']);
  });

  it('gives what it read while the time was not trusted the instants that it had, once it is', async () => {
    const late = 7 * minute;
    trusted = false;
    poll([bulb]);
    await stepMinutes(0, 1, 2);
    expect(instantsOf(1, 'energyImport')).toEqual([]);
    // The clock was behind by so much when these were stamped.
    shift = late;
    trusted = true;
    polling?.clockSet();
    expect(instantsOf(1, 'energyImport')).toEqual([7, 8, 9]);
  });

  it('reads at once when the clock was put back, and does not wait for it to catch up', async () => {
    const { states } = poll([bulb]);
    await stepMinutes(0, 1);
    expect(await readsWithin(10, () => states()[0]?.last?.at)).toBe(false);
    polling?.clockSet();
    expect(await readsWithin(10, () => states()[0]?.last?.at)).toBe(true);
  });

  /** Whether something is read in the next few milliseconds of stepped time, in which nothing is due by the clock. */
  async function readsWithin(ms: number, lastAt: () => number | undefined): Promise<boolean> {
    const before = lastAt();
    await clock.stepTo(epochMs(clock.now() + ms));
    return lastAt() !== before;
  }

  it('ends in the middle of a reading', async () => {
    simulator.setFault(1, { kind: 'silent' });
    const running = poll([bulb, fridge]);
    await running.close();
    polling = undefined;
    await stepMinutes(60);
    expect([...instantsOf(1, 'energyImport'), ...instantsOf(2, 'energyImport')]).toEqual([]);
    expect(said()).toEqual([]);
  });

  it('ends although something on its bus never does', async () => {
    const running = poll([bulb]);
    await stepMinutes(0);
    void running.busOf('line').turn('stuck', never, () => new Promise(() => {}));
    await stepMinutes(0.5);
    await running.close();
    polling = undefined;
    expect(said().map(({ code }) => code)).toEqual(['BUS_NOT_CLOSED']);
  });

  it('lets no reading into its log', async () => {
    poll([bulb, fridge]);
    await stepMinutes(0);
    simulator.setFault(1, { kind: 'badCrc' });
    await stepMinutes(1, 2);
    const values = [...readings.last(1), ...readings.last(2)].map(({ value }) => Math.floor(value));
    const text = kept.lines.join('\n').replaceAll(/"(time|pid)":\d+/g, '');
    for (const value of values.filter((one) => one >= 1000)) expect(text).not.toContain(String(value));
    expect(values.filter((one) => one >= 1000)).toHaveLength(2);
  });
});
