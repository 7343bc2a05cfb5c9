/** The demo, as a newcomer sees it. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, run } from '../../scripts/story/processes.ts';

const play = fileURLToPath(new URL('../../dist/scripts/story/play.js', import.meta.url));
let outcome: Outcome;

beforeAll(async () => {
  outcome = await run(process.execPath, [play], 290_000);
}, 300_000);

describe('the story', () => {
  it('ends well', () => {
    expect(outcome.stderr).toBe('');
    expect(outcome.code).toBe(0);
  });

  it.each([
    ['the minimum is lowered on screen', /minContributors: 3/],
    ['three homes are found, and James with nothing', /matched 3, offline 0[\s\S]*james +oak-street +yes +-/],
    ['a pointer is refused its values, with what to do', /VALUES_STAY_HOME: .*\n +What to do: Open a round/],
    ['three homes of four are in the sum', /opened: 3 contributors of 4 homes/],
    ['Bob is shown the tariff', /bob\$ wattveil tariff show\n[\s\S]*?10\.6167\n.*11\.3333\n.*14\.2500\n.*10\.7000\n/],
    ['James is shown it too', /james\$ wattveil tariff show\n[\s\S]*?10\.6167\n.*11\.3333\n.*14\.2500\n.*10\.7000\n/],
    ['Alice sees what left her house', /alice\$ wattveil ledger\n[\s\S]*?released +coffee-pot \+ fridge \+ light-bulb/],
    ['the same hours are given once', /failed \(too-few-contributors\)/],
    ['and Bob’s ledger says why', /refused +CELL_SPENT/],
  ])('%s', (_, shown) => {
    expect(outcome.stdout).toMatch(shown);
  });
});
