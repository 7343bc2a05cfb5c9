/**
 * Whole rounds in bad weather: messages lost and doubled, the coordinator killed, the broker emptied, in any order.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../../../broker/protocol/hex.ts';
import { Open } from '../../../broker/protocol/messages.ts';
import { cohort, hour, makeCohort } from './made-cohort.ts';
import type { Fate } from './simulated-homes.ts';
import { type HomePlan, Utility } from './utility.ts';

const plans: Record<string, HomePlan> = {
  ada: { wattHours: [1, 2, 3, 4] },
  ben: { wattHours: [10, 20, 30, 40] },
  cleo: { wattHours: [100, 200, 300, 400] },
  dan: {},
  eve: { declines: 'spent' },
};
const made = makeCohort(Object.keys(plans));

const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ look: fc.constantFrom(...Object.keys(plans)) }) },
  { weight: 1, arbitrary: fc.constant('kill' as const) },
  { weight: 1, arbitrary: fc.constant('kill and forget' as const) },
  { weight: 1, arbitrary: fc.constant('link lost' as const) },
  { weight: 1, arbitrary: fc.constant('link back' as const) },
);
const fates = fc.array(fc.constantFrom<Fate>('arrives', 'is lost', 'arrives twice'), { minLength: 40, maxLength: 40 });

test('whatever is lost, doubled or killed, the round opens with the one right sum once all is quiet', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 25 }), fates, async (happenings, weather) => {
      const utility = new Utility(made, plans);
      try {
        await utility.wire.connect();
        await utility.rounds.publishRoster(cohort);
        const { round } = await utility.ask();
        let message = 0;
        utility.wire.fate = () => weather[message++] ?? 'arrives';
        const sets = new Set<string>();
        const noteSets = () => {
          for (const [topic, payload] of utility.wire.retained) {
            if (topic.endsWith('/open')) sets.add(toHex(Open.decode(payload).set));
          }
        };
        for (const happens of happenings) {
          if (happens === 'kill' || happens === 'kill and forget') {
            if (happens === 'kill and forget') utility.wire.retained.clear();
            await utility.restart();
          } else if (happens === 'link lost') utility.wire.connected = false;
          else if (happens === 'link back') await utility.wire.connect();
          else await utility.look(happens.look);
          noteSets();
        }
        utility.wire.fate = () => 'arrives';
        await utility.wire.connect();
        for (let look = 0; look < 3; look += 1) await utility.look();
        noteSets();
        await utility.step(hour);
        expect(utility.result(round)).toMatchObject({
          state: 'opened',
          sum: [111, 222, 333, 444],
          contributors: 3,
          members: 5,
        });
        expect(sets.size).toBeLessThanOrEqual(1);
      } finally {
        utility.end();
      }
    }),
    { numRuns: 40 },
  );
});
