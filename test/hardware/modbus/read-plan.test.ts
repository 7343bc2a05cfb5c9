import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineTimeAt, type Place, planReads as planned, type ReadLimits } from '../../../hardware/modbus/read-plan.ts';
import { type RegisterTypeName, registersOf } from '../../../hardware/modbus/register.ts';

const at9600 = lineTimeAt(10_000 / 9600);
const planReads = (places: readonly Place[], limits: ReadLimits) => planned(places, limits, at9600);

const input = (at: number, type: RegisterTypeName = 'float32'): Place => ({ kind: 'input', at, type });

test('neighbours are read at once, across holes that the device puts up with', () => {
  const places = [input(0x46), input(0), input(6), input(0x48), input(0x0c)];
  expect(planReads(places, { longest: 80, largestHole: 4 })).toEqual([
    { kind: 'input', at: 0, count: 14 },
    { kind: 'input', at: 0x46, count: 4 },
  ]);
  expect(planReads(places, { longest: 80, largestHole: 3 })).toHaveLength(4);
  expect(planReads(places, { longest: 8, largestHole: 4 })).toHaveLength(3);
});

test('two blocks are told apart by their length, where holes may be read', () => {
  expect(
    planReads([input(0), input(100), input(200)], { longest: 80, largestHole: 4 }).map(({ count }) => count),
  ).toEqual([2, 4, 6]);
  expect(planReads([input(0), input(100)], { longest: 80, largestHole: 0 }).map(({ count }) => count)).toEqual([2, 2]);
});

test('every place lies whole in one block of its kind, and no block breaks a limit', () => {
  const kinds = fc.constantFrom<Place['kind']>('input', 'holding');
  const types = fc.constantFrom<RegisterTypeName>('uint16', 'uint32', 'uint64');
  const places = fc.array(fc.record({ kind: kinds, at: fc.nat(200), type: types }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(places, fc.integer({ min: 4, max: 60 }), fc.nat(20), (wanted, longest, largestHole) => {
      const blocks = planReads(wanted, { longest, largestHole });
      for (const { kind, at, type } of wanted) {
        const end = at + registersOf(type);
        expect(blocks.some((block) => block.kind === kind && block.at <= at && end <= block.at + block.count)).toBe(
          true,
        );
      }
      for (const block of blocks) {
        expect(block.count).toBeLessThanOrEqual(longest);
        const named = wanted.filter(
          ({ kind, at }) => kind === block.kind && at >= block.at && at < block.at + block.count,
        );
        let end = block.at;
        for (const place of named.sort((one, other) => one.at - other.at)) {
          expect(place.at - end).toBeLessThanOrEqual(largestHole);
          end = Math.max(end, place.at + registersOf(place.type));
        }
        expect(block.at + block.count - end).toBeLessThanOrEqual(largestHole);
      }
    }),
  );
});

test('no other way to cut the registers into blocks takes less time on the line', () => {
  const places = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 7 });
  const time = { perRead: 30, perRegister: 2 };
  const costOf = (blocks: readonly { readonly count: number }[]) =>
    blocks.reduce((sum, { count }) => sum + time.perRead + time.perRegister * count, 0);
  fc.assert(
    fc.property(places, fc.integer({ min: 2, max: 40 }), (starts, longest) => {
      const sorted = [...starts].sort((one, other) => one - other);
      // Blocks that would be equally long are lengthened: here none is told from the next.
      const limits = { longest, largestHole: 40 };
      const wanted = sorted.map((at) => ({ ...input(2 * at, 'uint16') }));
      const cost = costOf(planned(wanted, limits, time));
      for (let cuts = 0; cuts < 2 ** (sorted.length - 1); cuts++) {
        const blocks = cutInto(
          wanted.map(({ at }) => at),
          cuts,
        );
        if (blocks.some(({ count }) => count > longest)) continue;
        const lengthened = (2 * time.perRegister * (sorted.length * (sorted.length - 1))) / 2;
        expect(cost).toBeLessThanOrEqual(costOf(blocks) + lengthened);
      }
    }),
  );
});

function cutInto(ats: readonly number[], cuts: number): { readonly at: number; readonly count: number }[] {
  const blocks: { at: number; count: number }[] = [];
  ats.forEach((at, index) => {
    const last = blocks.at(-1);
    if (last === undefined || (cuts >> (index - 1)) & 1) blocks.push({ at, count: 1 });
    else last.count = at + 1 - last.at;
  });
  return blocks;
}
