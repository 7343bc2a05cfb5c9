import { afterEach, expect, it } from 'vitest';
import { type ClockChange, TimeWatch } from '../../../agent/time/time-watch.ts';
import { Troubles } from '../../../agent/troubles.ts';
import { type Clock, epochMs } from '../../../broker/protocol/clock.ts';
import { eventually } from '../../broker/eventually.ts';
import { keepingLog } from '../../broker/silent-log.ts';

const hour = 3_600_000;
const noon = Date.parse('2026-11-24T12:00:00Z');
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A machine whose clock, and whose time server, do what the test says. */
class Machine {
  wall = noon;
  elapsed = 0;
  confirmed = false;
  asked = 0;
  readonly changes: ClockChange[] = [];
  readonly kept = keepingLog();
  readonly clock: Clock = { now: () => epochMs(this.wall), at: () => () => {}, elapsed: () => this.elapsed };
  readonly troubles = new Troubles({ clock: this.clock, log: this.kept.log });

  watch(stored?: number): TimeWatch {
    const watch = new TimeWatch({
      clock: this.clock,
      elapsed: () => this.elapsed,
      isSynchronised: async () => {
        this.asked += 1;
        return this.confirmed;
      },
      stored: stored === undefined ? undefined : epochMs(stored),
      troubles: this.troubles,
      log: this.kept.log,
    });
    watch.start((change) => this.changes.push(change));
    ends.push(() => watch.close());
    return watch;
  }

  goOn(ms: number, set = 0): void {
    this.elapsed += ms;
    this.wall += ms + set;
  }

  said(): (string | undefined)[] {
    return this.kept.lines.map((line) => JSON.parse(line)).map(({ code, msg }) => code ?? msg);
  }
}

it('a machine that wakes in 1970 is trusted once its clock is set, and what was stamped until then gets its instant', () => {
  const machine = new Machine();
  machine.wall = 40_000;
  const watch = machine.watch(noon - hour);
  expect(watch.isTrusted()).toBe(false);
  machine.elapsed += 0.4;
  const stamp = { at: machine.clock.now(), elapsed: machine.elapsed + 0.3 };
  expect(machine.troubles.list()).toMatchObject([{ code: 'CLOCK_UNSET' }]);
  machine.goOn(30_000);
  machine.goOn(0, noon - machine.wall);
  expect(watch.isTrusted()).toBe(true);
  expect(watch.instantOf(stamp)).toBe(noon - 30_000);
  expect(machine.troubles.list()).toEqual([]);
  expect(machine.changes).toEqual([{ trusted: true, since: noon - hour }]);
  expect(machine.said()).toEqual(['CLOCK_UNSET', 'the time is trusted again']);
});

/** What the time server said first has been heard. */
const answered = () => new Promise((resolve) => setImmediate(resolve));

it('a correction that a time server stands for is a doubt of a moment only', async () => {
  const machine = new Machine();
  machine.confirmed = true;
  const watch = machine.watch();
  await answered();
  const asked = machine.asked;
  machine.goOn(1000, -90_000);
  expect(watch.isTrusted()).toBe(false);
  await eventually(() => watch.isTrusted()).toBe(true);
  expect(machine.asked).toBe(asked + 1);
  expect(machine.changes.map(({ trusted }) => trusted)).toEqual([false, true]);
});

it('what a time server said of the clock before it was set counts no more', async () => {
  const machine = new Machine();
  machine.confirmed = true;
  const watch = machine.watch();
  await answered();
  machine.confirmed = false;
  machine.goOn(1000, 1000 * hour);
  expect(watch.isTrusted()).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(watch.isTrusted()).toBe(false);
  expect(machine.troubles.list()).toMatchObject([{ code: 'CLOCK_JUMPED' }]);
  machine.goOn(1000, -1000 * hour);
  expect(watch.isTrusted()).toBe(true);
  expect(machine.changes.at(-1)).toEqual({ trusted: true, since: noon });
});

it('small corrections leave the stamps as they are', () => {
  const machine = new Machine();
  const watch = machine.watch();
  const stamp = { at: machine.clock.now(), elapsed: machine.elapsed };
  machine.goOn(10_000, 1500);
  expect(watch.instantOf(stamp)).toBe(stamp.at);
});
