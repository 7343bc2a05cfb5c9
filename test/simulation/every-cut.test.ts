/** One round, and the power fails: of each party, before each thing it writes or sends, one world after another. */
import { expect, test } from 'vitest';
import type { Operation } from './operation.ts';
import { play, streets } from './play.ts';

/** Of seven homes of which two may fail: one is asked first. */
const wave = streets.length - 1;
const deadline: Operation = { do: 'wait', minutes: 720 };
const arrives: Operation = { do: 'deliverAll' };

interface Case {
  readonly name: string;
  /** 0 is the coordinator. */
  readonly party: number;
  readonly before: readonly Operation[];
  readonly fewestCuts: number;
  /** Where the member that is asked first is the one cut off, nobody tells in time whose share does not open. */
  readonly mayFail?: boolean;
}

const spoilt: Operation = { do: 'spoil', home: 2, member: 0 };
const away: Operation = { do: 'cutPower', home: 7, effects: 0 };

const cases: readonly Case[] = [
  { name: 'the coordinator', party: 0, before: [], fewestCuts: 30 },
  { name: 'the coordinator of a round with a second set', party: 0, before: [spoilt], fewestCuts: 30 },
  { name: 'the coordinator of a round with a home away', party: 0, before: [away], fewestCuts: 30 },
  { name: 'a home', party: 1, before: [], fewestCuts: 8 },
  { name: 'a home that seals badly', party: 2, before: [spoilt], fewestCuts: 8 },
  { name: 'a home whose neighbour seals badly', party: 1, before: [spoilt], fewestCuts: 8, mayFail: true },
];

test.each(cases)(
  '$name is cut off before each of its effects, and goes on',
  async ({ party, before, fewestCuts, mayFail }) => {
    // Before the announcement is on its disk there is no round.
    let effects = party === 0 ? 1 : 0;
    for (let ended = false; !ended; effects += 1) {
      const cut: Operation = { do: 'cutPower', home: party, effects };
      const round: Operation[] = [...before, cut, { do: 'announce', round: 0 }, arrives, deadline, arrives];
      // It comes back at once, or when all do.
      const back: Operation[] = [{ do: 'restart', home: party }, { do: 'connect', home: party }, arrives];
      const late = await play(wave, round);
      const soon = await play(wave, [...round, ...back, deadline, arrives]);
      expect({ effects, wrong: [...late.wrong, ...soon.wrong] }).toEqual({ effects, wrong: [] });
      if (!mayFail) expect({ effects, opened: [late.opened, soon.opened] }).toEqual({ effects, opened: [1, 1] });
      ended = !late.cutOff.includes(party);
    }
    expect(effects).toBeGreaterThan(fewestCuts);
  },
);
