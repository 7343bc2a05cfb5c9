import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeOpen } from '../../../broker/protocol/answer.ts';
import { longestMessage } from '../../../broker/protocol/cbor.ts';
import { sealedShareBytes } from '../../../broker/protocol/report.ts';
import { longestFromHome, longestHomePacket, type RoundSize, reportBytes } from '../../../broker/protocol/sizes.ts';
import { topicOf } from '../../../broker/protocol/topics.ts';
import { makeCohort, makeReports, makeSetOf, now } from './made-cohort.ts';

/** Bytes of the largest open request of a round, that to whom every home contributed; or up to 8 more. */
const openBytes = ({ homes, blocks }: RoundSize) =>
  180 + Math.ceil(homes / 8) + homes * (16 + sealedShareBytes({ blocks }));

const sizes = [
  [3, 1],
  [10, 4],
  [10, 96],
  [40, 300],
] as const;

describe('told beforehand', () => {
  test.each(sizes)('a report among %i homes of %i slots, and the request to open it, are no larger', (homes, slots) => {
    const made = makeCohort(homes, { grid: { from: now - slots * 900_000, step: 900_000, slots } });
    const all = Array.from({ length: homes }, (_, at) => at + 1);
    const reports = makeReports(made, all, Array(slots).fill(1n));
    const { set, sealedFor } = makeSetOf(made, reports);
    const size = { homes, blocks: made.round.blocks };
    const spare = {
      report: reportBytes(size) - (reports.get(1)?.length ?? 0),
      open: openBytes(size) - makeOpen(set, sealedFor(1)).length,
    };
    expect(spare.report).toBeOneOf([0, 1, 2, 3, 4]);
    expect(spare.open).toBeOneOf([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

test('whatever a home may report, every home may be asked to open', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 2500 }), fc.integer({ min: 1, max: 4096 }), (homes, blocks) => {
      fc.pre(reportBytes({ homes, blocks }) <= longestFromHome);
      expect(openBytes({ homes, blocks })).toBeLessThan(longestMessage);
    }),
  );
});

test('the longest message of a home fits its packet, topic and all', () => {
  const topic = topicOf('a/prefix/of/some/length', 'report', { home: 'h'.repeat(63), round: 'f'.repeat(32) });
  expect(longestFromHome + topic.length + 4).toBeLessThan(longestHomePacket);
});
