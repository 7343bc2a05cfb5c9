/** A street that is ready for a round: everybody enrolled, sharing, and with values entered by hand. */
import { epochMs } from '../../broker/protocol/clock.ts';
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
    return street;
  } catch (error) {
    await street.close();
    throw error;
  }
}

export async function enrolAll(street: Street, residents: readonly Person[]): Promise<void> {
  await Promise.all(
    residents.map(async ({ home }) => {
      await must(street.atHome(home, 'enrol'));
      await must(street.atUtility('homes', 'approve', home, '--cohort', cohort));
      await must(street.atHome(home, 'enrol', '--wait'));
    }),
  );
  await must(street.atUtility('roster', 'publish', cohort));
}

async function shareByHand(street: Street, { home, byHand }: Person): Promise<void> {
  await must(street.atHome(home, 'share', 'on'));
  for (const { id, description, kwh } of byHand) {
    await must(street.atHome(home, ...addWords(id, description, kwh)));
    await must(street.atHome(home, 'tensors', 'publish', id));
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
