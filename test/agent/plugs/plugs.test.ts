import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningAgent } from '../../../agent/main.ts';
import { epochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { RelayBoard } from '../../../hardware/simulator/relay-board.ts';
import { type SerialSimulator, startSerialSimulator } from '../../../hardware/simulator/serial-simulator.ts';
import { loadRelay } from '../../../hardware/switching/load-relay.ts';
import { keepingLog } from '../../broker/silent-log.ts';
import { type HomeKit, homeKit } from '../home-kit.ts';
import { temporaryFolder } from '../made-agent.ts';

const start = Date.parse('2026-11-24T00:00:00Z');
const relay = { bus: 'line', address: 17, profile: 'wirenboard-mr6c' };
const settings = (plugs: readonly object[]) => ({
  buses: [{ id: 'line', port: join(ports.folder, 'line'), baudRate: 115_200, timeout: '50ms', pause: '5ms' }],
  devices: [{ id: 'fridge', bus: 'line', address: 1, profile: 'hiking-dds238', pollEvery: '1h' }],
  plugs,
});

let ports: ReturnType<typeof temporaryFolder>;
let now: number;
let board: RelayBoard;
let simulator: SerialSimulator;
let clock: SteppedClock;
let kit: HomeKit | undefined;
let agent: RunningAgent | undefined;
let kept: ReturnType<typeof keepingLog>;

beforeEach(async () => {
  ports = temporaryFolder();
  now = start;
  board = new RelayBoard(loadRelay('wirenboard-mr6c'), [2], () => now);
  simulator = await startSerialSimulator({
    link: join(ports.folder, 'line'),
    baudRate: 115_200,
    now: () => now,
    devices: [{ address: 1, profile: 'hiking-dds238', load: 90 }],
    relays: [{ address: 17, board }],
  });
  clock = new SteppedClock(epochMs(start));
  kept = keepingLog();
});
afterEach(async () => {
  await agent?.close();
  kit?.remove();
  [agent, kit] = [undefined, undefined];
  await simulator.close();
  ports.remove();
});

async function run(plugs: readonly object[]): Promise<HomeKit> {
  kit = homeKit(clock, settings(plugs));
  agent = await kit.start(kept.log);
  return kit;
}

async function stepTo(seconds: number): Promise<void> {
  now = start + seconds * 1000;
  await clock.stepTo(epochMs(now));
}

describe('plugs', () => {
  it('are turned, asked and listed; what was never asked is unknown', async () => {
    const home = await run([
      { id: 'kettle', ...relay, channel: 1, meter: 'fridge' },
      { id: 'lamp', ...relay, channel: 2 },
    ]);
    await stepTo(0);
    expect(JSON.parse((await home.run('plugs', 'list', '--json')).stdout)).toMatchObject([
      { id: 'kettle', state: 'unknown', meter: 'fridge', metered: { at: '2026-11-24T00:00:00.000Z' } },
      { id: 'lamp', state: 'unknown' },
    ]);
    expect(await home.run('plugs', 'on', 'kettle')).toEqual({ code: 0, stdout: 'kettle is on.\n', stderr: '' });
    expect((await home.run('plugs', 'off', 'lamp')).stdout).toBe('lamp is off.\n');
    expect([board.isOn(1), board.isOn(2)]).toEqual([true, false]);
    expect((await home.run('plugs', 'read', 'kettle')).stdout).toMatch(/kettle +on +.*stays as it is +fridge 90 W/);
    expect((await home.run('plugs', 'on', 'kettel')).stderr).toContain('did you mean kettle?');
  });

  it('that do not answer are unknown again, with the reason', async () => {
    const home = await run([{ id: 'kettle', ...relay, channel: 1 }]);
    await home.run('plugs', 'on', 'kettle');
    simulator.setFault(17, { kind: 'silent' });
    expect(await home.run('plugs', 'off', 'kettle')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('METER_NO_ANSWER'),
    });
    expect((await home.run('plugs', 'list')).stdout).toMatch(/kettle +unknown +never[^!]*! kettle: METER_NO_ANSWER/);
  });

  it('with a safety timer are kept on while the agent runs, and go off when it is gone', async () => {
    const home = await run([{ id: 'kettle', ...relay, channel: 1, safety: '60s' }]);
    expect((await home.run('plugs', 'on', 'kettle')).code).toBe(0);
    for (let seconds = 0; seconds <= 300; seconds += 20) await stepTo(seconds);
    expect(board.isOn(1)).toBe(true);
    simulator.setFault(17, { kind: 'silent', times: 2 });
    await agent?.close();
    agent = undefined;
    now += 61_000;
    expect([board.isOn(1), board.isOn(2)]).toEqual([false, false]);
  });

  it.each<[string, object, string]>([
    ['on a bus that there is not', { ...relay, bus: 'lime' }, 'did you mean line?'],
    ['with a meter that there is not', { ...relay, meter: 'frige' }, 'did you mean fridge?'],
    ['with a channel that the board has not', { ...relay, channel: 9 }, 'SWITCH_NO_CHANNEL'],
    ['with a timer that the board has not', { ...relay, profile: 'r421a08', safety: '60s' }, 'SWITCH_NO_TIMER'],
  ])('%s are refused', async (_, plug, says) => {
    kit = homeKit(clock, settings([{ id: 'kettle', ...plug }]));
    const why = await Promise.resolve()
      .then(() => kit?.start())
      .then(String, (error: Error & { code?: string }) => `${error.code} ${error.message}`);
    expect(why).toContain(says);
  });
});
