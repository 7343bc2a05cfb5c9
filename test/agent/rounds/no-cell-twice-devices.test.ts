/**
 * The same law for what devices measure: whatever is renamed, moved, exchanged, taken out or asked for as another
 * quantity, no hours of one physical meter leave the house twice, and never a meter with one that hangs behind it.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AgentYaml, type Settings } from '../../../agent/config-schema.ts';
import { DeviceBook } from '../../../agent/store/device-book.ts';
import { configuredDevices } from '../../../agent/store/device-store.ts';
import type { LedgerEntry } from '../../../agent/store/ledger.ts';
import { ReadingStore } from '../../../agent/store/reading-store.ts';
import { HomeTensors } from '../../../agent/store/tensor-store.ts';
import { after, epochMs } from '../../../broker/protocol/clock.ts';
import { overlaps, type Span, spanOf } from '../../../broker/protocol/grid.ts';
import { makeCohort, now } from '../../broker/protocol/made-cohort.ts';
import { hour, temporaryFolder } from '../made-agent.ts';
import { MadeInbox } from './made-inbox.ts';

const made = makeCohort(4);
const slots = 8;
const first = epochMs(now - slots * 6 * hour);
const places = ['main', 'kitchen', 'fridge'] as const;
type Place = (typeof places)[number];
const quantities = ['energyImport', 'energyExport', 'power'] as const;
type Measured = (typeof quantities)[number];
const tags = ['#energy-consumption', ...places.map((place) => `#${place}`)];

const only = <const Name extends string>(name: Name) => fc.constant(name);
const place = fc.constantFrom(...places);
const move = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      move: only('announce'),
      at: fc.nat(slots - 1),
      slots: fc.integer({ min: 1, max: 4 }),
      tag: fc.constantFrom(...tags),
      quantity: fc.constantFrom(...quantities),
    }),
  },
  { weight: 3, arbitrary: fc.record({ move: only('exchange'), place, other: fc.oneof(place, only('new')) }) },
  { weight: 2, arbitrary: fc.record({ move: fc.constantFrom('rename', 'recreate', 'move', 'takeOut'), place }) },
  { weight: 1, arbitrary: fc.record({ move: only('restart') }) },
);
type Move = typeof move extends fc.Arbitrary<infer Each> ? Each : never;

/** Releases of one meter, seen from outside. */
interface Left extends Span {
  readonly meter: string;
  readonly quantity: string;
}

/** Power is import less export: with one of them it gives the other. These two say nothing of each other. */
function tellOfOneAnother(one: Left, other: Left): boolean {
  const energies: readonly string[] = ['energyImport', 'energyExport'] satisfies Measured[];
  return one.quantity === other.quantity || ![one, other].every(({ quantity }) => energies.includes(quantity));
}

/** A home whose owner publishes all there is, and changes everything else. */
class Street {
  /** The physical meter, by its serial number, at each place of the house; what its owner has made of it otherwise. */
  readonly #meters = new Map<Place, string>(places.map((each) => [each, `of ${each}`]));
  readonly #names = new Map<Place, { device: string; tensor: number; address: number; in: boolean }>(
    places.map((each, index) => [each, { device: each, tensor: 0, address: index + 1, in: true }]),
  );
  /** Which meter's readings are in a row. */
  readonly #owners = new Map<number, string>();
  #made = 10;
  #book!: DeviceBook;
  readonly home: MadeInbox;
  readonly left: Left[] = [];

  constructor(folder: string) {
    this.home = new MadeInbox(folder, made, now, (database) => {
      const settings = this.#settings();
      this.#book = new DeviceBook(database, configuredDevices(settings));
      const readings = new ReadingStore(database);
      return new HomeTensors({ database, settings, devices: this.#book.known, readings, clock: { now: () => now } });
    });
    this.#poll();
  }

  async play(each: Move): Promise<void> {
    if (each.move === 'announce') return this.#announce(each);
    if (each.move === 'restart') return this.#restart();
    const name = this.#names.get(each.place);
    if (name === undefined) return;
    if (each.move === 'exchange') return this.#exchange(each.place, each.other);
    this.#made += 1;
    if (each.move === 'rename') name.device = `${each.place}-${this.#made}`;
    if (each.move === 'recreate') name.tensor = this.#made;
    if (each.move === 'move') name.address = this.#made;
    if (each.move === 'takeOut') name.in = !name.in;
    this.#restart();
  }

  #exchange(one: Place, other: Place | 'new'): void {
    const meter = this.#meters.get(one) ?? '';
    this.#made += 1;
    this.#meters.set(one, other === 'new' ? `made ${this.#made}` : (this.#meters.get(other) ?? ''));
    if (other !== 'new') this.#meters.set(other, meter);
    this.#poll();
  }

  #restart(): void {
    this.home.restart();
    this.#poll();
  }

  /** Each meter says who it is before it is read, as it does when polled; then all is published. */
  #poll(): void {
    for (const each of places) {
      const name = this.#names.get(each);
      const meter = this.#meters.get(each) ?? '';
      if (!name?.in) continue;
      this.#book.identified(name.device, meter, now);
      const number = this.#book.known.get(name.device)?.number ?? 0;
      if (this.#owners.has(number)) expect(this.#owners.get(number)).toBe(meter);
      else this.#read(number);
      this.#owners.set(number, meter);
    }
    for (const { id } of this.home.tensors.list()) this.home.tensors.publish(id, first, now);
  }

  #read(device: number): void {
    const instants = Array.from({ length: slots * 3 + 1 }, (_, index) => epochMs(first + index * 2 * hour));
    new ReadingStore(this.home.database).append(
      quantities.flatMap((quantity) => instants.map((at, index) => ({ device, quantity, at, value: index * 10 }))),
    );
  }

  async #announce({ at, slots: count, tag, quantity }: Extract<Move, { move: 'announce' }>): Promise<void> {
    const query = { tags: [tag], quantity, unit: quantity === 'power' ? 'W' : 'Wh' };
    const grid = { from: first + at * 6 * hour, step: 6 * hour, slots: count };
    const times = { deadline: after(now, 100 * hour), expiry: after(now, 200 * hour) };
    const before = this.#released().length;
    const round = this.home.announce({ query, grid, ...times });
    await this.home.announced(round);
    await this.home.rosterComes();
    for (const entry of this.#released().slice(0, this.#released().length - before)) this.#note(entry);
  }

  #note({ tensors, grid, query }: Extract<LedgerEntry, { kind: 'released' }>): void {
    const devices = tensors.map((id) => this.home.tensors.get(id).device ?? '');
    for (const device of devices) {
      expect(this.home.tensors.ancestorsOf(device).filter((outer) => devices.includes(outer))).toEqual([]);
      const number = this.#book.known.get(device)?.number ?? 0;
      this.left.push({ meter: this.#owners.get(number) ?? '', quantity: query.quantity, ...spanOf(grid) });
    }
  }

  #released() {
    return this.home.ledger().filter((entry) => entry.kind === 'released');
  }

  #settings(): Settings {
    const there = places.filter((each) => this.#names.get(each)?.in);
    const named = (each: Place) => this.#names.get(each) ?? { device: each, tensor: 0, address: 1, in: true };
    return AgentYaml.parse({
      home: 'bob',
      dataDir: '.',
      broker: { url: 'mqtt://localhost' },
      buses: [{ id: 'line', port: '/dev/line' }],
      devices: there.map((each, index) => ({
        ...{ id: named(each).device, bus: 'line', address: named(each).address, profile: 'eastron-sdm120' },
        longestGap: '2h',
        ...(index > 0 && { parent: named(there[index - 1] as Place).device }),
      })),
      tensors: there.flatMap((each) =>
        quantities.map((quantity) => ({
          id: `${each}-${quantity.toLowerCase()}-${named(each).tensor}`,
          ...{ device: named(each).device, quantity, tags: ['#energy-consumption', `#${each}`], capacity: 3680 },
        })),
      ),
    });
  }
}

test('no hours of one meter are released twice, and no meter together with one behind it', async () => {
  let releases = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 6, maxLength: 20 }), async (moves) => {
      const { folder, remove } = temporaryFolder();
      const street = new Street(folder);
      try {
        for (const each of moves) await street.play(each);
        for (const [index, one] of street.left.entries()) {
          const again = street.left.slice(index + 1).filter(({ meter }) => meter === one.meter);
          expect(again.filter((other) => overlaps(one, other) && tellOfOneAnother(one, other))).toEqual([]);
        }
        releases += street.left.length;
      } finally {
        street.home.close();
        remove();
      }
    }),
    { numRuns: 20 },
  );
  // A law over nothing holds always.
  expect(releases).toBeGreaterThan(30);
});
