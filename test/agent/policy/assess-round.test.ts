import { describe, expect, test } from 'vitest';
import { assessRound, type HomeFacts } from '../../../agent/policy/assess-round.ts';
import { declineOf } from '../../../agent/policy/refusals.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { gridEnd } from '../../../broker/protocol/grid.ts';
import type { Announce } from '../../../broker/protocol/messages.ts';
import { longestFromHome } from '../../../broker/protocol/sizes.ts';
import { makeCohort } from '../../broker/protocol/made-cohort.ts';
import { hour, lenientPolicy, ownTensor } from '../made-agent.ts';

const { round } = makeCohort(4);
const { announce } = round;
const end = gridEnd(announce.grid);
const facts: HomeFacts = {
  sharing: true,
  policy: lenientPolicy,
  tensors: [ownTensor()],
  spentUntil: Number.NEGATIVE_INFINITY,
};

describe('a home that has what is asked for', () => {
  test('reads it', () => {
    expect(assessRound(round, facts, end)).toEqual({ next: 'read', tensors: facts.tensors });
  });

  test('waits for slots that are not over, and declines nothing', () => {
    expect(assessRound(round, facts, epochMs(end - 1))).toEqual({ next: 'wait', until: end });
  });
});

const lasting = (slots: number, step: number) => ({ ...announce.grid, slots, step });
const refusals: [code: string, decline: string | undefined, Partial<HomeFacts>, Partial<Announce>][] = [
  ['SHARING_OFF', 'paused', { sharing: false }, {}],
  ['MINIMUM_TOO_LOW', 'policy', { policy: { ...lenientPolicy, minContributors: 15 } }, { minimum: 14 }],
  ['SLOT_TOO_SHORT', 'policy', {}, { grid: lasting(4, 15 * 60_000 - 1) }],
  ['HISTOGRAM_NOT_ALLOWED', 'policy', {}, { statistics: { histogram: { start: 0, width: 1, buckets: 2 } } }],
  ['BEFORE_CONSENT', 'policy', { tensors: [ownTensor({ consentFrom: announce.grid.from + 1 })] }, {}],
  // 3680 W for 6 hours are 22080 Wh, 220800 steps of 0.1 Wh.
  ['CAPACITY_ABOVE_LIMIT', 'policy', {}, { limit: 220_799 }],
  ['TENSOR_NOT_PUBLISHED', undefined, { tensors: [ownTensor({ published: false, shown: false })] }, {}],
  ['TENSOR_WITHDRAWN', 'not-published', { tensors: [ownTensor({ published: false })] }, {}],
];

describe('refuses, and says so to the coordinator as a reason code', () => {
  test.each(refusals)('%s: %s', (code, decline, home, changes) => {
    const assessed = assessRound({ ...round, announce: { ...announce, ...changes } }, { ...facts, ...home }, end);
    expect(assessed).toMatchObject({ next: 'refuse', refusal: { code } });
    expect(declineOf(code as 'SHARING_OFF')).toBe(decline);
  });

  test('before the hours are over, where waiting would change nothing', () => {
    expect(assessRound(round, { ...facts, sharing: false }, epochMs(end - hour)).next).toBe('refuse');
  });
});

const allowed: [name: string, Partial<HomeFacts>, Partial<Announce>][] = [
  ['as many contributors as it asks for', { policy: { ...lenientPolicy, minContributors: 15 } }, { minimum: 15 }],
  ['the shortest slot', {}, { grid: lasting(4, 15 * 60_000) }],
  ['hours from the very start of consent', { tensors: [ownTensor({ consentFrom: announce.grid.from })] }, {}],
  ['a limit that its capacities just reach', {}, { limit: 220_800 }],
];

test.each(allowed)('allows %s', (_, home, changes) => {
  expect(assessRound({ ...round, announce: { ...announce, ...changes } }, { ...facts, ...home }, end).next).toBe(
    'read',
  );
});

test('refuses a report that would not get through, before it spends a cell for it', () => {
  const blocks = Math.floor((longestFromHome - 90) / 4 / 8) - 2;
  expect(assessRound({ ...round, blocks }, facts, end).next).toBe('read');
  expect(assessRound({ ...round, blocks: blocks + 1 }, facts, end)).toMatchObject({
    refusal: { code: 'REPORT_TOO_LARGE' },
  });
});

describe('a home that has nothing of what is asked for', () => {
  const others = ownTensor({ tags: ['#other'] });

  test.each([true, false])('says nothing, be sharing on or off (%s)', (sharing) => {
    expect(assessRound(round, { ...facts, sharing, tensors: [others] }, end)).toEqual({ next: 'nothing' });
  });

  test('tells nobody of a tensor that it has never shown', () => {
    const secret = ownTensor({ id: 'dialysis', published: false, shown: false });
    const assessed = assessRound(round, { ...facts, tensors: [secret] }, end);
    expect(assessed).toMatchObject({ refusal: { code: 'TENSOR_NOT_PUBLISHED', details: { tensors: 'dialysis' } } });
    expect(declineOf('TENSOR_NOT_PUBLISHED')).toBeUndefined();
  });
});
