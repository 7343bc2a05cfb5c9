/** Watches the wire and the logs through a whole story: nothing a home measures may occur there, in any form. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'mqtt-packet';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { after } from '../../broker/protocol/clock.ts';
import { cohort, day, midnight, type Person } from '../../scripts/story/people.ts';
import { enrolAll, must } from '../../scripts/story/ready.ts';
import { buildStreet, type Street } from '../../scripts/story/street.ts';
import { type Tap, tapWire } from './tap.ts';
import { findTraces, tracesOf } from './traces.ts';

const quarterHour = 900_000;
const from = `${day}T00:00:00Z`;
const grid = ['--from', from, '--step', '15m', '--slots', '4'];
const entered = {
  alice: [811_733.7, 640_219.3, 902_157.9, 771_043.1],
  carol: [533_871.3, 917_225.9, 688_403.7, 754_919.1],
};
const byHand = (home: string, name: string): Person => ({ home, name, metered: [], byHand: [] });
const residents: readonly Person[] = [
  {
    home: 'bob',
    name: 'Bob',
    // In a slot of six hours, so that a quarter of an hour has six digits of Wh.
    metered: [
      { id: 'oven', description: 'Oven', kwh: [15_737.184], address: 1, profile: 'eastron-sdm120' },
      { id: 'kiln', description: 'Kiln', kwh: [9_114.528], address: 2, profile: 'eastron-sdm120' },
    ],
    byHand: [],
  },
  byHand('alice', 'Alice'),
  byHand('carol', 'Carol'),
];

let folder = '';
let tap: Tap;
let street: Street;
const secrets = new Set<number>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattveil-wire-'));
  const connectTo = async (port: number) => {
    tap = await tapWire(port);
    return tap.port;
  };
  street = await buildStreet({
    folder,
    people: residents,
    minContributors: 3,
    connectTo,
    logLevel: 'trace',
    capacity: 10_000_000,
  });
  await enrolAll(street, residents);
  for (const { home } of residents) await must(street.atHome(home, 'share', 'on'));
  for (const id of ['oven', 'kiln']) await must(street.atHome('bob', 'tensors', 'publish', id));
  for (let at = after(midnight, 0); at <= midnight + 4 * quarterHour; at = after(at, quarterHour)) {
    await street.driver.stepTo(at);
    await rememberReadings();
  }
  for (const [home, values] of Object.entries(entered)) await enter(home, values);
  await rememberSlots();
  const round = ['rounds', 'open', cohort, '#energy-consumption', ...grid, '--minimum', '3', '--watch', '--json'];
  const { stdout } = await must(street.atUtility(...round));
  const { round: id } = JSON.parse(stdout).result;
  await must(street.atUtility('search', '#energy-consumption'));
  await must(street.atUtility('tariff', 'set', '--round', id, '--formula', '0.5*mean+5'));
  for (const { home } of residents) await must(street.atHome(home, 'ledger'));
}, 180_000);

afterAll(async () => {
  await street?.close();
  await tap?.close();
  await rm(folder, { recursive: true });
});

async function rememberReadings(): Promise<void> {
  const { stdout } = await must(street.atHome('bob', 'meters', 'read', '--json'));
  for (const [, value] of stdout.matchAll(/"value":\s*([\d.]+)/g)) {
    if (Number(value) >= 100_000) secrets.add(Number(value));
  }
}

async function enter(home: string, values: readonly number[]): Promise<void> {
  const words = [
    '--tag',
    '#energy-consumption',
    '--unit',
    'Wh',
    '--capacity',
    '10000000',
    '--from',
    from,
    '--step',
    '15m',
  ];
  await must(street.atHome(home, 'tensors', 'add', 'all', ...words, ...values.map(String)));
  await must(street.atHome(home, 'tensors', 'publish', 'all'));
  for (const value of values) secrets.add(value);
}

/** Of Bob's two meters, each slot, and their sum, which is what he reports. */
async function rememberSlots(): Promise<void> {
  const slots: number[][] = [];
  for (const id of ['oven', 'kiln']) {
    const { stdout } = await must(street.atHome('bob', 'tensors', 'show', id, ...grid, '--json'));
    const shown = JSON.parse(stdout) as { slots: { value: number }[] };
    const values = shown.slots.map(({ value }) => value);
    expect(values).toHaveLength(4);
    slots.push(values);
  }
  for (const [at, oven] of (slots[0] ?? []).entries()) {
    const kiln = slots[1]?.[at] ?? 0;
    for (const value of [oven, kiln, Math.round((oven + kiln) * 10) / 10]) secrets.add(value);
  }
}

describe('while a story is played', () => {
  it('has something to find', () => {
    expect(secrets.size).toBeGreaterThan(15);
    expect([...secrets].every((value) => value >= 100_000)).toBe(true);
    expect(tap.published().some(({ topic }) => topic.endsWith('/report'))).toBe(true);
    expect(tap.published().some(({ topic }) => topic.endsWith('/answer'))).toBe(true);
  });

  it('no value of a home occurs in any byte that reaches the broker', () => {
    const traces = [...secrets].flatMap(tracesOf);
    for (const bytes of tap.sent()) expect(findTraces(traces, bytes)).toEqual([]);
  });

  it('no value of a home occurs in any line that a process logs', () => {
    const traces = [...secrets].flatMap(tracesOf);
    const processes = [...street.agents.values(), street.broker];
    for (const { name, lines } of processes) {
      expect(lines.length, `${name} logs`).toBeGreaterThan(0);
      expect(findTraces(traces, Buffer.from(lines.join('\n')))).toEqual([]);
    }
  });

  it.each([
    ['a double in CBOR', (value: number) => Buffer.concat([Buffer.from([0xfb]), doubleOf(value)])],
    ['decimal text in JSON', (value: number) => Buffer.from(JSON.stringify({ energy_wh: value }))],
    ['a count of steps in CBOR', (value: number) => Buffer.concat([Buffer.from([0x1a]), stepsOf(value)])],
    [
      'a message in base64 in JSON',
      (value: number) => Buffer.from(JSON.stringify({ of: base64With(doubleOf(value)) })),
    ],
    ['kWh with three decimals', (value: number) => Buffer.from(`bulb ${(value / 1000).toFixed(3)} kWh`)],
  ])('a value that does leave is found: %s', async (_, planted) => {
    const value = entered.alice[0] ?? 0;
    const before = tap.sent().length;
    const socket = connect(tap.port, '127.0.0.1');
    const packet = {
      cmd: 'publish',
      topic: 'planted',
      qos: 0,
      dup: false,
      retain: false,
      payload: planted(value),
    } as const;
    socket.write(generate(packet));
    await expect.poll(() => tap.sent()[before]?.length ?? 0).toBeGreaterThan(0);
    socket.destroy();
    const found = tap.sent().flatMap((bytes) => findTraces(tracesOf(value), bytes));
    expect(found.length).toBeGreaterThan(0);
  });
});

describe('what chance makes is not taken for a value:', () => {
  it.each([
    ['a port', { port: 53_387 }],
    ['the middle of an instant', { time: 1_795_338_713_123 }],
  ])('%s', (_, logged) => {
    expect(findTraces(tracesOf(533_871.3), Buffer.from(JSON.stringify(logged)))).toEqual([]);
  });
});

describe('a log line with a value in it is found:', () => {
  it.each<[string, (value: number) => object]>([
    ['the number', (value) => ({ value })],
    ['a text', (value) => ({ says: `fridge: ${(value / 1000).toFixed(3)} kWh` })],
    ['thousandths', (value) => ({ mWh: Math.round(value * 1000) })],
    ['bytes', (value) => ({ bytes: doubleOf(value) })],
    ['bytes in hex', (value) => ({ bytes: doubleOf(value).toString('hex') })],
    ['bytes in base64, after others', (value) => ({ bytes: base64With(doubleOf(value)) })],
    ['bytes in base64 for URLs', (value) => ({ bytes: doubleOf(value).toString('base64url') })],
  ])('%s', (_, of) => {
    for (const value of Object.values(entered).flat()) {
      const lines: string[] = [];
      pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }).info(of(value), 'planted');
      expect(findTraces(tracesOf(value), Buffer.from(lines.join(''))).length).toBeGreaterThan(0);
      expect(findTraces(tracesOf(value + 1000.1), Buffer.from(lines.join('')))).toEqual([]);
    }
  });
});

function base64With(bytes: Buffer): string {
  return Buffer.concat([Buffer.from('v'), bytes, Buffer.from('w')]).toString('base64');
}

function doubleOf(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

function stepsOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Math.round(value * 10));
  return bytes;
}
