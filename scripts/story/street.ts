/**
 * A street on one machine, as in life: a broker, an agent per home, meters on serial lines; each a process of its own.
 * The demo plays on it, the end-to-end tests too.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { socketPath } from '../../agent/data-paths.ts';
import { epochMs } from '../../broker/protocol/clock.ts';
import { type Driver, driveClocks } from '../clock/stepping.ts';
import { hour, type MeteredAppliance, midnight, type Person, type Wire, wiresOf } from './people.ts';
import { type Outcome, type Running, runWattveil, start, startWattveil } from './processes.ts';

export interface StreetPlan {
  /** Everything is kept below this folder. */
  readonly folder: string;
  readonly people: readonly Person[];
  /** Fewest contributors that the homes accept. */
  readonly minContributors: number;
  /** Where everybody connects, when not straight to the broker: a test puts a wire tap in between. */
  readonly connectTo?: (brokerPort: number) => Promise<number>;
  readonly logLevel?: string;
  /** Of each device; a quarter of an hour unless said otherwise. */
  readonly pollEvery?: string;
  /** Wh an hour, of each metered tensor. */
  readonly capacity?: number;
  readonly brokerSettings?: Readonly<Record<string, unknown>>;
}

export interface Street {
  readonly driver: Driver;
  readonly brokerUrl: string;
  readonly agents: Map<string, Running>;
  broker: Running;
  readonly meters: Running | undefined;
  configOf(home: string): string;
  /** Where the agent listens to commands. */
  socketOf(home: string): string;
  startAgent(home: string): Promise<void>;
  startBroker(): Promise<void>;
  /** `wattveil …` as the householder types it. */
  atHome(home: string, ...words: readonly string[]): Promise<Outcome>;
  /** `wattveil …` as the operator types it. */
  atUtility(...words: readonly string[]): Promise<Outcome>;
  close(): Promise<void>;
}

const metersPath = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? './meters.js' : '../../dist/scripts/story/meters.js', import.meta.url),
);

export const pollEveryMs = hour / 4;

export async function buildStreet(plan: StreetPlan): Promise<Street> {
  await mkdir(plan.folder, { recursive: true });
  const clockPath = join(plan.folder, 'clock.sock');
  const driver = await driveClocks(clockPath, epochMs(midnight - hour));
  const port = await freePort();
  const shownPort = (await plan.connectTo?.(port)) ?? port;
  const brokerUrl = `mqtt://127.0.0.1:${shownPort}`;
  const brokerConfig = join(plan.folder, 'broker.yaml');
  await writeFile(
    brokerConfig,
    stringify({ dataDir: join(plan.folder, 'utility'), listen: { host: '127.0.0.1', port }, ...plan.brokerSettings }),
  );
  for (const person of plan.people) {
    await writeFile(configPath(plan.folder, person.home), agentConfig(plan, person, shownPort));
  }
  const agents = new Map<string, Running>();
  const running = (what: string) => ['--clock', clockPath, what, 'run', '--log-level', plan.logLevel ?? 'info'];
  const startBroker = async () => {
    const broker = startWattveil('broker', [...running('broker'), '--config', brokerConfig]);
    await broker.line((line) => line.includes('listening'));
    return broker;
  };
  const meters = await startMeters(plan, clockPath);
  const street: Street = {
    driver,
    brokerUrl,
    agents,
    broker: await startBroker(),
    meters,
    configOf: (home) => configPath(plan.folder, home),
    socketOf: (home) => socketPath(join(plan.folder, home)),
    async startAgent(home) {
      const agent = startWattveil(home, [...running('agent'), '--config', configPath(plan.folder, home)]);
      agents.set(home, agent);
      await agent.line((line) => line.includes('connected'));
    },
    async startBroker() {
      street.broker = await startBroker();
    },
    atHome: (home, ...words) => runWattveil([...words, '--config', configPath(plan.folder, home)]),
    atUtility: (...words) => runWattveil([...words, '--broker', brokerUrl]),
    async close() {
      const all = [...agents.values(), street.broker, ...(meters === undefined ? [] : [meters])];
      await Promise.all(all.map((process) => process.end()));
      await driver.close();
    },
  };
  try {
    await Promise.all(plan.people.map(({ home }) => street.startAgent(home)));
    return street;
  } catch (error) {
    await street.close();
    throw error;
  }
}

function configPath(folder: string, home: string): string {
  return join(folder, `${home}.yaml`);
}

function wirePath(folder: string, { id }: Wire): string {
  return join(folder, id);
}

function agentConfig(plan: StreetPlan, person: Person, port: number): string {
  const wires = wiresOf(person);
  return stringify({
    home: person.home,
    dataDir: join(plan.folder, person.home),
    claim: `${person.name}, Oak Street`,
    broker: { url: `mqtt://127.0.0.1:${port}` },
    ...(wires.length > 0 && {
      buses: wires.map((wire) => busOf(wire, wirePath(plan.folder, wire))),
      devices: wires.flatMap((wire) => wire.appliances.map((appliance) => deviceOn(wire, appliance, plan))),
      tensors: person.metered.map(({ id, description }) => ({
        id,
        device: id,
        quantity: 'energyImport',
        tags: ['#energy-consumption', `#${id}`],
        description,
        capacity: plan.capacity ?? 3680,
      })),
    }),
    policy: { minContributors: plan.minContributors },
  });
}

/** Patient: with one reading a slot, one that a loaded machine delays must not be missed. */
function busOf({ id, baudRate, kind }: Wire, port: string) {
  return { id, port, baudRate, timeout: '5s', ...(kind === 'modbus' && { pause: '10ms' }) };
}

/** Time is stepped here, so a telegram of before the step must not pass for one of now. */
function deviceOn(
  { id: bus, kind }: Wire,
  { id, address, profile }: MeteredAppliance,
  { pollEvery = '15m', capacity }: StreetPlan,
) {
  return {
    id,
    bus,
    ...(kind === 'modbus' ? { address } : { maxAge: '1s' }),
    profile,
    pollEvery,
    ...(capacity !== undefined && { rating: capacity }),
  };
}

/** The meters of all homes, in one process that stands for the wires. */
async function startMeters(plan: StreetPlan, clockPath: string): Promise<Running | undefined> {
  const lines = plan.people.flatMap(wiresOf).map((wire) => ({ ...wire, link: wirePath(plan.folder, wire) }));
  if (lines.length === 0) return undefined;
  const path = join(plan.folder, 'meters.json');
  await writeFile(path, JSON.stringify(lines));
  const meters = start('meters', process.execPath, [metersPath, clockPath, path]);
  await meters.line((line) => line.includes('ready'));
  return meters;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
