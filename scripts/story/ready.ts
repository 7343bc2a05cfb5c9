/** A street that is ready for a round: everybody enrolled, sharing, and with values entered by hand. */
import { type Agent, findAgent } from '../../agent/control/client.ts';
import { epochMs } from '../../broker/protocol/clock.ts';
import { OperatorLink } from '../../broker/sdk/operator-link.ts';
import { cohort, day, midnight, type Person, people, slot } from './people.ts';
import type { Outcome } from './processes.ts';
import { buildStreet, type Street, type StreetPlan } from './street.ts';

/** Everybody has read off one total by hand, so that no day has to be metered. */
export const byHand: readonly Person[] = people.map((person) => {
  const appliances = [...person.metered, ...person.byHand];
  const kwh = [0, 1, 2, 3].map((at) => roundTo(appliances.reduce((sum, { kwh }) => sum + (kwh[at] ?? 0), 0)));
  const total = { id: 'total', description: 'All appliances, read off by hand', kwh };
  return { ...person, metered: [], byHand: appliances.length > 0 ? [total] : [] };
});

export async function openReadyStreet(folder: string, plan: Partial<StreetPlan> = {}): Promise<Street> {
  const street = await buildStreet({ folder, people: byHand, minContributors: 3, ...plan });
  try {
    const residents = plan.people ?? byHand;
    await enrolAll(street, residents);
    await street.driver.stepTo(epochMs(midnight + 4 * slot));
    await Promise.all(residents.map((person) => shareByHand(street, person)));
    await catalogued(street, residents.flatMap(({ byHand }) => byHand).length);
    return street;
  } catch (error) {
    await street.close();
    throw error;
  }
}

/** Asked of the agents and the coordinator as the commands ask: a process for each would take most of the time. */
export async function enrolAll(street: Street, residents: readonly Person[]): Promise<void> {
  const operator = await OperatorLink.open(street.brokerUrl);
  try {
    await Promise.all(
      residents.map(({ home }) =>
        withAgentOf(street, home, async (agent) => {
          await agent.ask('enrol', {});
          await until(async () => {
            const { homes } = await operator.request({ type: 'homes' });
            return homes.some((row) => row.home === home);
          });
          await operator.request({ type: 'approve', home, cohort });
          await until(async () => (await agent.ask('status', {})).enrolment.state === 'enrolled');
        }),
      ),
    );
    await until(async () => (await operator.request({ type: 'homes' })).homes.every(({ ready }) => ready));
    await operator.request({ type: 'roster', cohort });
  } finally {
    await operator.close();
  }
}

function shareByHand(street: Street, { home, byHand }: Person): Promise<void> {
  return withAgentOf(street, home, async (agent) => {
    await agent.ask('share', { on: true });
    for (const { id, description, kwh } of byHand) {
      const values = kwh.map((one) => ({ text: String(one), where: 'here' }));
      const grid = { from: midnight, stepMs: slot };
      const tags = ['#energy-consumption', `#${id}`];
      const kind = { quantity: 'energyImport', unit: 'kWh', capacity: '3.68' };
      await agent.ask('tensors add', { id, tags, description, ...kind, ...grid, values });
      await agent.ask('tensors publish', { id });
    }
  });
}

/** The operator sees what the homes have published. */
async function catalogued(street: Street, tensors: number): Promise<void> {
  const operator = await OperatorLink.open(street.brokerUrl);
  try {
    await until(async () => {
      const { homes } = await operator.request({ type: 'search', tags: ['#energy-consumption'] });
      return homes.flatMap((home) => home.tensors).length === tensors;
    });
  } finally {
    await operator.close();
  }
}

async function withAgentOf(street: Street, home: string, action: (agent: Agent) => Promise<void>): Promise<void> {
  const agent = await findAgent(street.socketOf(home));
  if (agent === undefined) throw new Error(`no agent of ${home} listens`);
  try {
    await action(agent);
  } finally {
    agent.close();
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('what was awaited did not come about in 20 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** `tensors add …` for one appliance of the story. */
export function addWords(id: string, description: string, kwh: readonly number[]): readonly string[] {
  const words = ['--tag', '#energy-consumption', '--tag', `#${id}`, '--unit', 'kWh', '--capacity', '3.68'];
  const grid = ['--from', `${day}T00:00:00Z`, '--step', '6h'];
  return ['tensors', 'add', id, ...words, '--describe', description, ...grid, ...kwh.map(String)];
}

export async function must(running: Promise<Outcome>): Promise<Outcome> {
  const outcome = await running;
  if (outcome.code !== 0) throw new Error(`a command ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`);
  return outcome;
}

/** Tenths of a kWh, as they stand on the meters. */
function roundTo(kwh: number): number {
  return Math.round(kwh * 10) / 10;
}
