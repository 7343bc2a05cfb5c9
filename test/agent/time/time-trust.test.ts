import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  judgeTime,
  type Look,
  settleAheadMs,
  settleMs,
  type TimeTrust,
  wasSet,
} from '../../../agent/time/time-trust.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';

const [second, hour, day] = [1_000, 3_600_000, 86_400_000];
const noon = Date.parse('2026-11-24T12:00:00Z');

/** Each step: so long after the one before, the clock set by so much (or to an instant), confirmed or not. */
interface Step {
  readonly after: number;
  readonly set?: number;
  readonly to?: number;
  readonly synchronised?: boolean;
}

/** The clock's course from an instant on, and what is thought of it at each step. */
function courseOf(start: number, stored: number | undefined, steps: readonly Step[]): (string | true)[] {
  let [wall, elapsed] = [start, 0];
  let trust: TimeTrust | undefined;
  return [{ after: 0 }, ...steps].map(({ after, set = 0, to, synchronised = false }: Step) => {
    elapsed += after;
    wall = to ?? wall + after + set;
    const floor = stored === undefined ? undefined : epochMs(stored);
    trust = judgeTime(trust, { wall: epochMs(wall), elapsed, synchronised, stored: floor });
    return trust.trusted ? true : trust.doubt;
  });
}

describe('the time is trusted', () => {
  it.each<[string, number, number | undefined, Step[], (string | true)[]]>([
    ['where nothing speaks against it', noon, noon - hour, [{ after: 10 * second }], [true, true]],
    ['at the very first start', noon, undefined, [], [true]],
    [
      'not in 1970, however long it goes on',
      0,
      undefined,
      [{ after: settleMs }, { after: 30 * day }],
      ['unset', 'unset', 'unset'],
    ],
    [
      'not in 2000, even if the system says that it is confirmed',
      Date.UTC(2000),
      undefined,
      [{ after: second, synchronised: true }],
      ['unset', 'unset'],
    ],
    [
      'once a clock that woke in 1970 is set',
      0,
      noon - hour,
      [{ after: 20 * second, to: noon }, { after: second }],
      ['unset', true, true],
    ],
    [
      'not once it is set to before what is stored',
      0,
      noon,
      [{ after: second, to: noon - second }],
      ['unset', 'behind'],
    ],
    [
      'not before what is stored, until it is confirmed',
      noon - hour,
      noon,
      [{ after: second }, { after: second, synchronised: true }],
      ['behind', 'behind', true],
    ],
    [
      'not because a clock that was behind has ticked past what is stored',
      noon - 10 * second,
      noon,
      [{ after: 20 * second }, { after: 10 * 60 * second }],
      ['behind', 'behind', 'behind'],
    ],
    [
      'but once it has gone on for an hour',
      noon - 10 * second,
      noon,
      [{ after: settleMs }, { after: second }],
      ['behind', true, true],
    ],
    [
      'not after an hour that is still before what is stored',
      noon - day,
      noon,
      [{ after: settleMs }],
      ['behind', 'behind'],
    ],
    [
      'through corrections and leap seconds',
      noon,
      noon,
      [
        { after: second, set: -1000 },
        { after: second, set: 1500 },
      ],
      [true, true, true],
    ],
    [
      'not after a jump ahead, until it is confirmed',
      noon,
      noon,
      [{ after: second, set: hour }, { after: second }, { after: second, synchronised: true }],
      [true, 'jumped', 'jumped', true],
    ],
    [
      'not after a jump back either',
      noon,
      noon - day,
      [{ after: second, set: -hour }, { after: second }],
      [true, 'jumped', 'jumped'],
    ],
    [
      'once a jump is undone',
      noon,
      noon,
      [{ after: second, set: 4 * 365 * day }, { after: hour / 2 }, { after: second, set: -4 * 365 * day }],
      [true, 'jumped', 'jumped', true],
    ],
    [
      'once a jump has gone on for an hour',
      noon,
      noon,
      [{ after: second, set: hour }, { after: settleMs - 1 }, { after: 1 }],
      [true, 'jumped', 'jumped', true],
    ],
    [
      'an hour after the last of several jumps',
      noon,
      noon,
      [
        { after: second, set: hour },
        { after: settleMs / 2, set: hour },
        { after: settleMs / 2 },
        { after: settleMs / 2 },
      ],
      [true, 'jumped', 'jumped', 'jumped', true],
    ],
    [
      'a day after a jump of years',
      noon,
      noon,
      [{ after: second, set: 365 * day }, { after: settleMs }, { after: settleAheadMs }],
      [true, 'jumped', 'jumped', true],
    ],
    [
      'not long after all that is stored, until it is confirmed',
      noon + 90 * day,
      noon,
      [{ after: settleMs }, { after: second, synchronised: true }],
      ['ahead', 'ahead', true],
    ],
    [
      'not long after all that is stored, until it is set',
      noon + 90 * day,
      noon,
      [{ after: second, to: noon + day }],
      ['ahead', true],
    ],
    [
      'not in 1970 after having been right, and again once it is set right',
      noon,
      noon,
      [
        { after: second, to: 0 },
        { after: day, to: noon + day },
      ],
      [true, 'unset', true],
    ],
    [
      'not after having been set from 1970 to before what was trusted',
      noon,
      undefined,
      [
        { after: hour, to: 0 },
        { after: hour, to: noon },
      ],
      [true, 'unset', 'behind'],
    ],
    [
      'where it is confirmed, even before what is stored',
      noon - hour,
      noon,
      [{ after: second, synchronised: true }],
      ['behind', true],
    ],
  ])('%s', (_, start, stored, steps, expected) => {
    expect(courseOf(start, stored, steps)).toEqual(expected);
  });
});

describe('whatever is done to a clock that was right', () => {
  const steps = fc.array(
    fc.record({
      after: fc.integer({ min: 1, max: settleMs / 50 }),
      set: fc.oneof(
        fc.constant(0),
        // In whole ten seconds: several that leave less than the tolerance between them put the clock right.
        fc.integer({ min: -5000 * 8640, max: 5000 * 8640 }).map((tens) => tens * 10 * second),
      ),
      confirmed: fc.boolean(),
    }),
    { maxLength: 40 },
  );

  it('within an hour it is trusted only when it is right: nobody confirms a wrong one', () => {
    fc.assert(
      fc.property(steps, (made) => {
        let [trueTime, offset] = [noon, 0];
        let trust = judgeTime(undefined, lookAt(noon, 0, false));
        for (const { after, set, confirmed } of made) {
          trueTime += after;
          offset += set;
          trust = judgeTime(trust, lookAt(trueTime + offset, trueTime - noon, confirmed && offset === 0));
          // What was unset or behind may be set to anything that is not before what was trusted: that is somebody's word.
          if (trust.trusted && offset !== 0) expect(offset).toBeGreaterThan(0);
          if (offset === 0 && confirmed) expect(trust.trusted).toBe(true);
        }
      }),
    );
  });

  it('what is trusted never goes back, unless a time server says so', () => {
    fc.assert(
      fc.property(steps, (made) => {
        let [wall, elapsed, latest] = [noon, 0, noon];
        let trust = judgeTime(undefined, lookAt(wall, 0, false));
        for (const { after, set } of made) {
          wall += after + set;
          elapsed += after;
          trust = judgeTime(trust, lookAt(wall, elapsed, false));
          if (!trust.trusted) continue;
          expect(wall).toBeGreaterThanOrEqual(latest);
          latest = wall;
        }
      }),
    );
  });

  function lookAt(wall: number, elapsed: number, synchronised: boolean): Look {
    return { wall: epochMs(wall), elapsed, synchronised, stored: undefined };
  }
});

it('a clock was set where it went on otherwise than one that nobody sets', () => {
  const at = (wall: number, elapsed: number) => ({ wall: epochMs(wall), elapsed });
  expect(wasSet(at(noon, 5), at(noon + 10_000, 10_005))).toBe(false);
  expect(wasSet(at(noon, 5), at(noon + 12_001, 10_005))).toBe(true);
  expect(wasSet(at(noon, 5), at(noon, 10_005))).toBe(true);
});
