/**
 * The far end of the homes' serial lines: simulated meters that speak real bytes on pseudo-terminals.
 * Usage: node dist/scripts/story/meters.js CLOCK-SOCKET LINES.json
 */
import { readFile } from 'node:fs/promises';
import { startPushSimulator } from '../../hardware/simulator/push-simulator.ts';
import { startSerialSimulator } from '../../hardware/simulator/serial-simulator.ts';
import { followClock } from '../clock/stepping.ts';
import { type Wire, wattsAt } from './people.ts';

interface Line extends Wire {
  /** The name under which the agent finds the line. */
  readonly link: string;
}

/** In real time, while the time of the story is stepped: often enough that nobody waits for long. */
const telegramEveryMs = 150;

const [clockPath = '', linesPath = ''] = process.argv.slice(2);
const clock = await followClock(clockPath, 'meters');
const lines = JSON.parse(await readFile(linesPath, 'utf8')) as Line[];
const now = () => clock.now();
const simulators = await Promise.all(lines.map((line) => (line.kind === 'p1' ? startP1(line) : startLine(line))));
console.log('ready');
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void Promise.all(simulators.map((simulator) => simulator.close())).then(() => process.exit(0));
  });
}

function startLine({ link, baudRate, appliances }: Line) {
  const devices = appliances.map((appliance) => ({
    address: appliance.address ?? 1,
    profile: appliance.profile,
    energyWh: 0,
    load: (at: number) => wattsAt(appliance, at),
  }));
  return startSerialSimulator({ link, baudRate, now, devices });
}

function startP1({ link, baudRate, appliances: [appliance] }: Line) {
  const load = (at: number) => (appliance === undefined ? 0 : wattsAt(appliance, at));
  return startPushSimulator({
    link,
    baudRate,
    now,
    everyMs: telegramEveryMs,
    meter: { energyWh: 0, load },
    writing: { protocol: 'dsmr', version: '5' },
  });
}
