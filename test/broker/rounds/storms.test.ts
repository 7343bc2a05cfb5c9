/**
 * Whole rounds in bad weather: messages lost and doubled, the coordinator killed, the broker emptied, in any order.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../../../broker/protocol/hex.ts';
import { Open } from '../../../broker/protocol/messages.ts';
import { cohort, hour, makeCohort } from './made-cohort.ts';
import { type Fate, spoilSeals } from './simulated-homes.ts';
import { type HomePlan, Utility } from './utility.ts';

const plans: Record<string, HomePlan> = {
  ada: { wattHours: [1, 2, 3, 4] },
  ben: { wattHours: [10, 20, 30, 40] },
  cleo: { wattHours: [100, 200, 300, 400] },
  dan: {},
  eve: { declines: 'spent' },
};
/** Three may fail, so one is asked first: cleo's shares open to nobody. */
const wide: Record<string, HomePlan> = {
  ...plans,
  cleo: { wattHours: [100, 200, 300, 400], spoil: spoilSeals },
  ...Object.fromEntries(['fay', 'gus', 'hal', 'ida', 'jon', 'kim', 'leo', 'mia', 'ned', 'oda'].map((id) => [id, {}])),
  fay: { wattHours: [100, 200, 300, 400] },
};

interface Look {
  readonly look: string;
}
type Happening = Look | 'kill' | 'kill and forget' | 'link lost' | 'link back' | 'time goes on';
const happeningAmong = (homes: readonly string[]): fc.Arbitrary<Happening> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ look: fc.constantFrom(...homes) }) },
    { weight: 1, arbitrary: fc.constant('kill' as const) },
    { weight: 1, arbitrary: fc.constant('kill and forget' as const) },
    { weight: 1, arbitrary: fc.constant('link lost' as const) },
    { weight: 1, arbitrary: fc.constant('link back' as const) },
    { weight: 1, arbitrary: fc.constant('time goes on' as const) },
  );
const fates = fc.array(fc.constantFrom<Fate>('arrives', 'is lost', 'arrives twice'), { minLength: 40, maxLength: 40 });

interface Storm {
  readonly plans: Record<string, HomePlan>;
  /** Sets that may be seen. */
  readonly sets: number;
  readonly runs: number;
  /** Who is at fault if the round fails: its bad shares are found too late if the first wave has slept through its time. */
  readonly faulty?: string;
}

const opened = { state: 'opened', sum: [111, 222, 333, 444], contributors: 3 };

test.each<[string, Storm]>([
  ['the round opens with the one right sum once all is quiet', { plans, sets: 1, runs: 40 }],
  [
    'a bad contributor is dropped, once, and the round opens without it',
    { plans: wide, sets: 2, runs: 8, faulty: 'cleo' },
  ],
])('whatever is lost, doubled or killed, %s', async (_, { plans: by, sets: mostSets, runs, faulty }) => {
  const made = makeCohort(Object.keys(by));
  await fc.assert(
    fc.asyncProperty(
      fc.array(happeningAmong(Object.keys(by)), { maxLength: 25 }),
      fates,
      async (happenings, weather) => {
        const utility = new Utility(made, by);
        try {
          await utility.wire.connect();
          await utility.rounds.publishRoster(cohort);
          const { round } = await utility.ask();
          let message = 0;
          utility.wire.fate = () => weather[message++] ?? 'arrives';
          const sets = new Set<string>();
          for (const happens of happenings) {
            await happen(utility, happens);
            noteSets(utility, sets);
          }
          utility.wire.fate = () => 'arrives';
          await utility.wire.connect();
          for (let look = 0; look < 4; look += 1) {
            await utility.look();
            noteSets(utility, sets);
            if (look > 0) await utility.step(10_000);
          }
          noteSets(utility, sets);
          await utility.step(hour);
          const result = utility.result(round);
          expect(result?.state === 'failed' ? faulty && result : result).toMatchObject(
            result?.state === 'failed'
              ? { reason: 'complaint', fault: [faulty] }
              : { ...opened, members: made.homes.length },
          );
          expect(sets.size).toBeLessThanOrEqual(mostSets);
        } finally {
          utility.end();
        }
      },
    ),
    { numRuns: runs },
  );
});

async function happen(utility: Utility, happens: Happening): Promise<void> {
  if (happens === 'kill and forget') utility.wire.retained.clear();
  if (happens === 'kill' || happens === 'kill and forget') await utility.restart();
  else if (happens === 'link lost') utility.wire.connected = false;
  else if (happens === 'link back') await utility.wire.connect();
  else if (happens === 'time goes on') await utility.step(6000);
  else await utility.look(happens.look);
}

function noteSets(utility: Utility, sets: Set<string>): void {
  for (const [topic, payload] of utility.wire.retained) {
    if (topic.endsWith('/open')) sets.add(toHex(Open.decode(payload).set));
  }
}
