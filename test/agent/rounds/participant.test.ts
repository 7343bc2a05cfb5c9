import { describe, expect, test } from 'vitest';
import { type Participant, participate, takeUp, unannounced } from '../../../agent/rounds/participant.ts';
import type { Effect, ParticipantEvent } from '../../../agent/rounds/participant-event.ts';
import { makeOpen } from '../../../broker/protocol/answer.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { gridEnd } from '../../../broker/protocol/grid.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { Answer, Complaint, Decline } from '../../../broker/protocol/messages.ts';
import { readReport } from '../../../broker/protocol/report.ts';
import { makeReports, makeSetOf } from '../../broker/protocol/made-cohort.ts';
import { ownTensor } from '../made-agent.ts';
import { seenByHome1 } from './made-participant.ts';

const home = seenByHome1();
const { round, seat, now, facts, takingPart, announced, reconsider, slotsRead } = home;
const end = gridEnd(round.announce.grid);
const without1 = home.open([2, 3, 4]);
const with1 = home.open([1, 2, 3]);
const asked = (open: { bytes: Uint8Array }): ParticipantEvent => ({ type: 'asked', now, open: open.bytes });
const report = Buffer.from('a report as stored');
const { hash: setHash, signed: signedSet } = with1.set;
const given = { answer: Buffer.from('an answer'), setHash, signedSet, contributors: 3, contributes: true };
const release = { report, cells: [], tensors: ['fridge'] };
const off = { ...facts, sharing: false };
const refused = (code: 'ROUND_SIGNATURE' | 'ROUND_ID_BOUND') =>
  ({ verdict: 'refused', refusal: { code, details: {} } }) as const;

/** What a person reads of a state and of effects. */
function brief(now: Participant): string {
  if (now.state !== 'takingPart') return now.state;
  return `${now.contribution.state} ${now.membership.state}`;
}
function briefly(effect: Effect): string {
  if (effect.type === 'publish') return `publish ${effect.topic}`;
  if (effect.type === 'writeRefusal') return `refuse ${effect.refusal.code}`;
  return effect.type;
}

type Case = [name: string, start: Participant, event: ParticipantEvent, target: string, effects: string[]];

const waiting = takingPart({ contribution: { state: 'waiting', until: end, told: undefined } });
const reading = takingPart({ contribution: { state: 'reading', told: undefined } });
const releasing = takingPart({ contribution: { state: 'releasing', release } });
const reported = takingPart({ contribution: { state: 'reported', report } });
const proved = takingPart({ contribution: { state: 'proved' } });
const paused = takingPart({ contribution: { state: 'declined', code: 'SHARING_OFF' } });
const leftOut = takingPart({ contribution: { state: 'leftOut' } });
const answering = takingPart({ membership: { state: 'answering', given } });
const answered = takingPart({ membership: { state: 'answered', setHash: given.setHash, answer: given.answer } });
const rosterWanted: Participant = { state: 'rosterWanted', roster: 'ab', signed: round.signed, early: undefined };

const announcing: Case[] = [
  [
    'an announcement is bound before all else',
    unannounced,
    announced(),
    'reading unasked',
    ['bindRound', 'wake', 'readSlots'],
  ],
  [
    'hours that are not over are waited for',
    unannounced,
    announced({ now: epochMs(end - 1) }),
    'waiting unasked',
    ['bindRound', 'wake', 'wake'],
  ],
  [
    'a home that has nothing of it takes part as member',
    unannounced,
    announced({ facts: { ...facts, tensors: [] } }),
    'idle unasked',
    ['bindRound', 'wake'],
  ],
  [
    'a paused home declines, and is a member',
    unannounced,
    announced({ facts: off }),
    'declined unasked',
    ['bindRound', 'wake', 'refuse SHARING_OFF', 'publish decline'],
  ],
  [
    'of a tensor never shown only its own ledger hears',
    unannounced,
    announced({ facts: { ...facts, tensors: [ownTensor({ published: false, shown: false })] } }),
    'declined unasked',
    ['bindRound', 'wake', 'refuse TENSOR_NOT_PUBLISHED'],
  ],
  [
    'a refused announcement binds nothing',
    unannounced,
    announced({ verdict: refused('ROUND_SIGNATURE') }),
    'unannounced',
    ['refuse ROUND_SIGNATURE'],
  ],
  [
    'a roster that is not here is asked for',
    unannounced,
    announced({ verdict: { verdict: 'roster wanted', roster: 'ab' } }),
    'rosterWanted',
    ['fetchRoster'],
  ],
  [
    'with its roster the announcement is taken up',
    rosterWanted,
    announced(),
    'reading unasked',
    ['bindRound', 'wake', 'readSlots'],
  ],
  [
    'another announcement under a bound id changes nothing',
    reported,
    announced({ verdict: refused('ROUND_ID_BOUND') }),
    'reported unasked',
    ['refuse ROUND_ID_BOUND'],
  ],
  ['a round that is over stays over', { state: 'over' }, announced(), 'over', []],
];

const contributing: Case[] = [
  ['a report is stored before anyone sees it', reading, slotsRead(), 'releasing unasked', ['storeReport']],
  [
    'once it is on disk it is published',
    releasing,
    { type: 'reportStored', now },
    'reported unasked',
    ['publish report'],
  ],
  [
    'an announcement that comes again brings the report again',
    reported,
    announced(),
    'reported unasked',
    ['publish report'],
  ],
  ['not while sharing is off', reported, announced({ facts: off }), 'reported unasked', []],
  ['not once it is proved', proved, announced(), 'proved unasked', []],
  ['turning sharing off takes no report back', reported, reconsider({ facts: off }), 'reported unasked', []],
  ['the end of the hours is the time to read', waiting, reconsider(), 'reading unasked', ['readSlots']],
  ['not before', waiting, reconsider({ now: epochMs(end - 1) }), 'waiting unasked', []],
  [
    'an announcement that comes again while waiting changes nothing',
    waiting,
    announced({ now: epochMs(end - 1) }),
    'waiting unasked',
    [],
  ],
  [
    'sharing is what it is when the hours are over',
    waiting,
    reconsider({ facts: off }),
    'declined unasked',
    ['refuse SHARING_OFF', 'publish decline'],
  ],
  ['a decline binds nothing: sharing is turned on', paused, reconsider(), 'reading unasked', ['readSlots']],
  ['a decline is not said twice on one connection', paused, reconsider({ facts: off }), 'declined unasked', []],
  [
    'an announcement that comes again brings the decline again',
    paused,
    announced({ facts: off }),
    'declined unasked',
    ['refuse SHARING_OFF', 'publish decline'],
  ],
  [
    'a spent cell',
    reading,
    slotsRead(undefined, { spentIn: 'cd' }),
    'declined unasked',
    ['refuse CELL_SPENT', 'publish decline'],
  ],
  [
    'a gap',
    reading,
    slotsRead(undefined, { covered: [true, false, true, true] }),
    'declined unasked',
    ['refuse CELL_MISSING', 'publish decline'],
  ],
  [
    'a last reading that may yet come',
    reading,
    slotsRead(undefined, { covered: [true, true, true, false] }),
    'waiting unasked',
    ['wake'],
  ],
  [
    'a value beyond the capacity is cut, noted, and no reason to decline',
    reading,
    slotsRead([1e9, 0, 0, 0]),
    'releasing unasked',
    ['noteClipped', 'storeReport'],
  ],
];

const answeringFor: Case[] = [
  ['an answer is stored before anyone sees it', reported, asked(with1), 'proved answering', ['storeAnswer']],
  ['once it is on disk it is published', answering, { type: 'answerStored', now }, 'idle answered', ['publish answer']],
  [
    'an open request that comes again brings the same answer',
    answered,
    asked(with1),
    'leftOut answered',
    ['publish answer'],
  ],
  ['for another set there is no second answer', answered, asked(without1), 'leftOut answered', ['refuse SET_OTHER']],
  ['a paused home answers', paused, asked(without1), 'leftOut answering', ['storeAnswer']],
  ['a home that has nothing of it answers', takingPart(), asked(without1), 'leftOut answering', ['storeAnswer']],
  ['a set without this home ends its waiting', waiting, asked(without1), 'leftOut answering', ['storeAnswer']],
  ['a set fixed without it leaves a report unproved', reported, asked(without1), 'reported answering', ['storeAnswer']],
  ['who was left out reports no more', leftOut, announced(), 'leftOut unasked', []],
  [
    'an open request that is none',
    reported,
    { type: 'asked', now, open: Buffer.from('x') },
    'reported unasked',
    ['refuse OPEN_MALFORMED'],
  ],
];

const ending: Case[] = [
  ['a result ends it', reported, { type: 'over', now }, 'over', []],
  ['after its expiry a home does not report', waiting, reconsider({ now: epochMs(round.announce.expiry) }), 'over', []],
  [
    'after its expiry a home does not answer',
    takingPart(),
    { ...asked(without1), now: epochMs(round.announce.expiry) },
    'over',
    [],
  ],
  ['nor say an answer again', answered, { ...asked(with1), now: epochMs(round.announce.expiry) }, 'over', []],
];

describe.each([
  ['announcing', announcing],
  ['contributing', contributing],
  ['answering', answeringFor],
  ['ending', ending],
])('%s', (_, cases) => {
  test.each(cases)('%s', (_, start, event, target, effects) => {
    const [next, wanted] = participate(start, event);
    expect([brief(next), wanted.map(briefly)]).toEqual([target, effects]);
  });
});

describe('an open request that comes before the announcement', () => {
  const [early] = participate(unannounced, asked(without1));

  test('is kept', () => {
    expect(early).toEqual({ state: 'unannounced', early: without1.bytes });
  });

  test('also while the roster is awaited', () => {
    const [still] = participate(early, announced({ verdict: { verdict: 'roster wanted', roster: 'ab' } }));
    expect(still).toMatchObject({ state: 'rosterWanted', early: without1.bytes });
  });

  test('and answered with it; a set that is fixed spares this home its report', () => {
    const [next, effects] = participate(early, announced());
    expect(brief(next)).toBe('leftOut answering');
    expect(effects.map(briefly)).toEqual(['bindRound', 'wake', 'storeAnswer']);
  });
});

describe('what is sent', () => {
  test('a report for every member of the roster, bound to this round', () => {
    const [, effects] = participate(reading, slotsRead());
    const stored = effects.find((effect) => effect.type === 'storeReport');
    const { report: bytes, cells, tensors } = stored?.release ?? expect.fail('no report');
    expect(readReport(round, bytes).shares).toHaveLength(4);
    expect(tensors).toEqual(['fridge']);
    expect(cells).toEqual([{ device: 'serial fridge', family: 'import', from: round.announce.grid.from, until: end }]);
  });

  test('a decline with its reason code', () => {
    const [, effects] = participate(reading, slotsRead(undefined, { spentIn: 'cd' }));
    const decline = effects.find((effect) => effect.type === 'publish');
    const { round: of, reason } = Decline.decode(decline?.payload ?? expect.fail('no decline'));
    expect([toHex(of), reason]).toEqual([toHex(round.hash), 'spent']);
  });

  test('an answer for the set asked about', () => {
    const [, effects] = participate(reported, asked(with1));
    const stored = effects.find((effect) => effect.type === 'storeAnswer') ?? expect.fail('no answer');
    expect(stored.given).toMatchObject({ contributors: 3, contributes: true });
    const answer = Answer.decode(stored.given.answer);
    expect([toHex(answer.round), toHex(answer.set)]).toEqual([toHex(round.hash), toHex(stored.given.setHash)]);
  });

  test('a complaint for each share that does not open, which binds to nothing', () => {
    const { set, sealedFor } = makeSetOf(home.made, makeReports(home.made, [2, 3, 4], [5n, 8n, 9n, 2n]));
    const sealed = sealedFor(1).map((share, at) => (at === 1 ? share : flipped(share)));
    const [next, effects] = participate(takingPart(), { type: 'asked', now, open: makeOpen(set, sealed) });
    expect(brief(next)).toBe('leftOut unasked');
    expect(effects.map(briefly)).toEqual(['refuse SHARE_NOT_OPENED', 'publish complaint', 'publish complaint']);
    const complaints = effects.flatMap((effect) =>
      effect.type === 'publish' ? [Complaint.decode(effect.payload)] : [],
    );
    expect(complaints.map(({ contributor }) => contributor)).toEqual([2, 4]);
    // The same set with its shares mended is answered.
    const [then] = participate(next, { type: 'asked', now, open: makeOpen(set, sealedFor(1)) });
    expect(brief(then)).toBe('leftOut answering');
  });

  const flipped = (share: Uint8Array) => share.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
});

describe('after a restart', () => {
  const cases: [string, Parameters<typeof takeUp>[2], string][] = [
    ['nothing on disk: as if never announced', { report: undefined, answer: undefined }, 'idle unasked'],
    ['a report', { report, answer: undefined }, 'reported unasked'],
    [
      'a report and an answer for a set with it',
      { report, answer: { setHash: given.setHash, bytes: given.answer, contributes: true } },
      'proved answered',
    ],
    [
      'a report and an answer for a set without it',
      { report, answer: { setHash: given.setHash, bytes: given.answer, contributes: false } },
      'reported answered',
    ],
    [
      'an answer alone',
      { report: undefined, answer: { setHash: given.setHash, bytes: given.answer, contributes: false } },
      'leftOut answered',
    ],
  ];
  test.each(cases)('%s', (_, kept, target) => {
    const [taken, effects] = takeUp(round, seat, kept);
    expect(brief(taken)).toBe(target);
    expect(effects).toEqual([{ type: 'wake', at: round.announce.expiry }]);
  });

  test('the stored bytes go out, never others', () => {
    const [taken] = takeUp(round, seat, {
      report,
      answer: { setHash: without1.set.hash, bytes: given.answer, contributes: false },
    });
    const [, again] = participate(taken, announced());
    expect(again).toEqual([{ type: 'publish', topic: 'report', payload: report }]);
    const [, answeredAgain] = participate(taken, asked(without1));
    expect(answeredAgain).toEqual([{ type: 'publish', topic: 'answer', payload: given.answer }]);
  });
});

test('whether a home takes part does not depend on its values', () => {
  const values = [
    [0, 0, 0, 0],
    [1e-9, 5, 5, 5],
    [1e12, 0, 0, 0],
    [22_080, 22_080, 22_080, 22_080],
  ];
  for (const each of values) expect(brief(participate(reading, slotsRead(each))[0])).toBe('releasing unasked');
});

test('a report is proved by a set that has this home’s bit', () => {
  const reports = makeReports(home.made, [1, 2, 3], [5n, 8n, 9n, 2n]);
  const [next] = participate(reported, asked(home.open([1, 2, 3], reports)));
  expect(brief(next)).toBe('proved answering');
});
