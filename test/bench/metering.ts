/**
 * An agent with twenty meters, each read once a second, on four lines and one P1 port: what it costs, and how long until
 * it reads again after its adapters were pulled out and put back. Real processes, real serial bytes.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Agent, findAgent } from '../../agent/control/client.ts';
import { agentYaml } from '../../hardware/simulator/agent-yaml.ts';
import { readHousehold } from '../../hardware/simulator/simulate.ts';
import { type Running, startWattveil } from '../../scripts/story/processes.ts';
import { atMost, type Figure } from './figure.ts';

const lines = 4;
const metersPerLine = 5;
/** An agent runs for years: by then its code is compiled. */
const settleMs = 30_000;
const measuredMs = 30_000;
/** Long enough for whoever backs off to have backed off. */
const unpluggedMs = 10_000;
/** Of the counters in /proc: Linux shows hundredths of a second to programs, whatever it counts in. */
const ticksPerSecond = 100;

export async function measure(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wattveil-bench-'));
  const running: Running[] = [];
  try {
    const household = await writeHousehold(folder);
    let simulator = await simulate(household, running);
    const agent = startWattveil('agent', ['agent', 'run', '--config', await writeAgent(folder, household)]);
    running.push(agent);
    await agent.line((line) => line.includes('the agent runs'));
    const control = await findAgent(join(folder, 'home', 'agent.sock'));
    if (control === undefined) throw new Error('the agent does not listen');
    await sleep(settleMs);
    const [cpu, stored] = [await cpuSeconds(agent.pid), await storedReadings(control)];
    await sleep(measuredMs);
    const seconds = measuredMs / 1000;
    const usedCpu = (await cpuSeconds(agent.pid)) - cpu;
    const perSecond = ((await storedReadings(control)) - stored) / seconds;
    await simulator.end('SIGKILL');
    await sleep(unpluggedMs);
    simulator = await simulate(household, running);
    const backMs = await untilAllRead(control);
    control.close();
    const name = 'an agent with 20 meters at 1 Hz on 4 lines and a P1 port';
    return [
      { name: `${name}: CPU of a core`, value: (100 * usedCpu) / seconds, unit: '%', goal: atMost(5) },
      { name: `${name}: readings stored a second`, value: perSecond, unit: '', goal: { relation: '≥', value: 20 } },
      {
        name: 'unplugged 10 s, plugged in again: until all 21 are read',
        value: backMs,
        unit: 'ms',
        goal: atMost(3000),
      },
    ];
  } finally {
    for (const process of running.reverse()) await process.end('SIGKILL');
    await rm(folder, { recursive: true });
  }
}

async function writeHousehold(folder: string): Promise<string> {
  const path = join(folder, 'household.yaml');
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const household = {
    appliances: { fridge: { watts: 90, on: '20m', off: '40m' }, router: { watts: 9 } },
    lines: [
      ...numbers(lines).map((line) => ({
        link: `./line-${line}`,
        baudRate: 38_400,
        devices: numbers(metersPerLine).map((address) => ({
          ...{ id: `meter-${line}-${address}`, address, profile: 'eastron-sdm120' },
          ...{ appliances: ['fridge'], kwh: 100 * address, serial: 1000 * line + address },
        })),
      })),
      { link: './p1', protocol: 'dsmr', meter: { id: 'main', appliances: ['fridge', 'router'], kwh: 9000 } },
    ],
  };
  await writeFile(path, stringify(household));
  return path;
}

async function writeAgent(folder: string, household: string): Promise<string> {
  const path = join(folder, 'agent.yaml');
  const { buses, devices, tensors } = parse(agentYaml(readHousehold(household), folder)) as Record<string, object[]>;
  const settings = {
    home: 'home',
    dataDir: './home',
    broker: { url: 'mqtt://127.0.0.1:9' },
    buses: buses?.map((bus) => ({ ...bus, pause: '20ms' })),
    devices: devices?.map((device) => ({ ...device, pollEvery: '1s' })),
    tensors,
  };
  await writeFile(path, stringify(settings));
  return path;
}

async function simulate(household: string, running: Running[]): Promise<Running> {
  const simulator = startWattveil('simulator', ['simulate', household]);
  running.push(simulator);
  await simulator.line((line) => line.includes('The household runs'));
  return simulator;
}

/** User and system time of a process so far. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name in brackets, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

async function storedReadings(agent: Agent): Promise<number> {
  const tensors = await agent.ask('tensors list', {});
  return tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
}

async function untilAllRead(agent: Agent): Promise<number> {
  const plugged = Date.now();
  for (;;) {
    const { devices } = await agent.ask('meters read', {});
    const read = devices.filter(({ at }) => at !== undefined && at > plugged);
    if (read.length === devices.length) return Math.max(...read.map(({ at }) => Number(at))) - plugged;
    if (Date.now() - plugged > 60_000) throw new Error(`${devices.length - read.length} devices are not read again`);
    await sleep(50);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
