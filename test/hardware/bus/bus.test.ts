import { expect, test } from 'vitest';
import { busOver, type Turn } from '../../../hardware/bus/bus.ts';
import { busDefaults } from '../../../hardware/bus/bus-config.ts';
import { codeOf } from '../code-of.ts';
import { MemoryLine } from '../memory-line.ts';
import { never } from '../never.ts';

const settings = { ...busDefaults, port: 'memory', timeoutMs: 120, pauseMs: 150 };
const word = Buffer.of(1, 2, 3);

async function speak(turn: Turn): Promise<void> {
  await turn.silence();
  turn.send(word);
}

/** Between the last word but one and the last. */
function lastGapMs(line: MemoryLine): number {
  const [before, after] = line.sent.slice(-2).map(({ at }) => at);
  return (after ?? Number.NaN) - (before ?? Number.NaN);
}

test('another device is spoken to only after a pause, the same one at once', async () => {
  const line = new MemoryLine();
  const bus = busOver(line, settings);
  await bus.turn('a', never, speak);
  await bus.turn('a', never, speak);
  expect(lastGapMs(line)).toBeLessThan(150);
  await bus.turn('b', never, speak);
  expect(lastGapMs(line)).toBeGreaterThanOrEqual(150);
});

test('after an answer that did not come, nobody speaks for as long again', async () => {
  const line = new MemoryLine();
  const bus = busOver(line, settings);
  await bus.turn('a', never, async (turn) => {
    await speak(turn);
    await new Promise((resolve) => setTimeout(resolve, 130));
    turn.distrust();
    await speak(turn);
  });
  expect(lastGapMs(line)).toBeGreaterThanOrEqual(130 + 119);
});

test('what comes in while nobody listens is dropped, and its end is awaited', async () => {
  const line = new MemoryLine();
  const bus = busOver(line, settings);
  await bus.turn('a', never, speak);
  line.say(Buffer.of(9), 20);
  line.say(Buffer.of(9), 60);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const heard: Uint8Array[] = [];
  await bus.turn('a', never, async (turn) => {
    await turn.silence();
    turn.listen((bytes) => heard.push(bytes));
    turn.send(word);
  });
  expect(lastGapMs(line)).toBeGreaterThanOrEqual(60 + 50);
  expect(heard).toEqual([]);
});

test.each([0, 60])(
  'a process that stood still, %s ms after its word, hears what came meanwhile before it speaks',
  async (afterMs) => {
    const line = new MemoryLine();
    const bus = busOver(line, settings);
    let movesAgainAt = 0;
    await bus.turn('a', never, async (turn) => {
      await speak(turn);
      turn.distrust();
      line.say(Buffer.of(9), 130);
      const next = speak(turn);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      const until = performance.now() + 200;
      while (performance.now() < until);
      movesAgainAt = performance.now();
      await next;
    });
    expect((line.sent.at(-1)?.at ?? 0) - movesAgainAt).toBeGreaterThanOrEqual(119);
  },
);

test('a line that is never quiet is said to be so', async () => {
  const line = new MemoryLine();
  const bus = busOver(line, { ...settings, timeoutMs: 40 });
  const chatter = setInterval(() => line.say(Buffer.of(0)), 15);
  const refused = await codeOf(
    bus.turn('a', never, async (turn) => {
      await speak(turn);
    }),
  );
  clearInterval(chatter);
  expect(refused).toBe('LINE_NOT_QUIET');
});

test('a port that goes away ends the turn at once, and the next turn opens it again', async () => {
  const line = new MemoryLine();
  const bus = busOver(line, settings);
  const cut = bus.turn('a', never, async (turn) => {
    await speak(turn);
    await new Promise((_, reject) => turn.cut.addEventListener('abort', () => reject(turn.cut.reason)));
  });
  await new Promise((resolve) => setTimeout(resolve, 80));
  line.unplug();
  expect(await codeOf(cut)).toBe('PORT_GONE');
  line.plugged = true;
  expect(await codeOf(bus.turn('a', never, speak))).toBe('done');
});

test('a port that is gone before it is told to be open counts as gone, and is opened anew', async () => {
  const line = new MemoryLine();
  const bus = busOver(line, settings);
  const open = line.open.bind(line);
  line.open = async (listener) => {
    line.open = open;
    const connection = await open(listener);
    line.unplug();
    line.plugged = true;
    return connection;
  };
  expect(await codeOf(bus.turn('a', never, speak))).toBe('PORT_GONE');
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(await codeOf(bus.turn('a', never, speak))).toBe('done');
});

test('a port that does not open is tried less and less often', async () => {
  const line = new MemoryLine();
  line.plugged = false;
  const bus = busOver(line, settings);
  const until = performance.now() + 1000;
  const codes = new Set<unknown>();
  while (performance.now() < until) {
    codes.add(await codeOf(bus.turn('a', never, speak)));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect([...codes]).toEqual(['PORT_NOT_FOUND']);
  // At 0, 100, 300 and 700 ms; fewer where the machine is slow.
  expect(line.opened).toBeGreaterThanOrEqual(2);
  expect(line.opened).toBeLessThanOrEqual(4);
});

test('work that goes on after its turn cannot speak', async () => {
  const line = new MemoryLine();
  const bus = busOver(line, settings);
  let kept: Turn | undefined;
  await bus.turn('a', never, async (turn) => {
    kept = turn;
  });
  await bus.turn('b', never, async () => {
    expect(() => kept?.send(word)).toThrow('the turn is over');
  });
  expect(line.sent).toEqual([]);
});

test('a reader that gives up gets its own reason, whether it waits or has the turn', async () => {
  const bus = busOver(new MemoryLine(), settings);
  const reader = new AbortController();
  const first = bus.turn('a', reader.signal, (turn) =>
    turn
      .silence()
      .then(() => new Promise<never>((_, no) => turn.cut.addEventListener('abort', () => no(turn.cut.reason)))),
  );
  const second = bus.turn('b', reader.signal, speak);
  const reason = new Error('the house is shut');
  setTimeout(() => reader.abort(reason), 20);
  expect(await codeOf(first)).toBe(reason);
  expect(await codeOf(second)).toBe(reason);
  expect(await codeOf(bus.turn('c', never, speak))).toBe('done');
});

test('a closed bus lets the running turn end and refuses the others', async () => {
  const line = new MemoryLine();
  const bus = busOver(line, settings);
  const running = bus.turn('a', never, speak);
  const waiting = bus.turn('b', never, speak);
  const closed = bus.close();
  expect(await codeOf(waiting)).toBe('BUS_CLOSED');
  expect(await codeOf(running)).toBe('done');
  await closed;
  expect(await codeOf(bus.turn('c', never, speak))).toBe('BUS_CLOSED');
});
