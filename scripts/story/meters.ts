/**
 * The far end of the homes' serial lines: simulated meters that speak real bytes on pseudo-terminals.
 * Usage: node dist/scripts/story/meters.js CLOCK-SOCKET LINES.json
 */
import { readFile } from 'node:fs/promises';
import { startSerialSimulator } from '../../hardware/simulator/serial-simulator.ts';
import { followClock } from '../clock/stepping.ts';
import { type MeteredAppliance, wattsAt } from './people.ts';

interface Line {
  /** The name under which the agent finds the line. */
  readonly link: string;
  readonly baudRate: number;
  readonly appliances: readonly MeteredAppliance[];
}

const [clockPath = '', linesPath = ''] = process.argv.slice(2);
const clock = await followClock(clockPath, 'meters');
const lines = JSON.parse(await readFile(linesPath, 'utf8')) as Line[];
const simulators = await Promise.all(
  lines.map(({ link, baudRate, appliances }) =>
    startSerialSimulator({
      link,
      baudRate,
      now: () => clock.now(),
      devices: appliances.map((appliance) => ({
        address: appliance.address,
        profile: appliance.profile,
        energyWh: 0,
        load: (at: number) => wattsAt(appliance, at),
      })),
    }),
  ),
);
console.log('ready');
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void Promise.all(simulators.map((simulator) => simulator.close())).then(() => process.exit(0));
  });
}
