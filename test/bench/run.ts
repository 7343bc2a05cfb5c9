/**
 * Runs the measurements and prints each figure beside its goal.
 * Usage: scripts/bench [--json] [NAME…]
 */
import { parseArgs } from 'node:util';
import type { Figure, Measurement } from './figure.ts';

const measurements: Readonly<Record<string, () => Promise<{ readonly measure: Measurement }>>> = {
  protocol: () => import('./protocol.ts'),
  agent: () => import('./agent.ts'),
  hardware: () => import('./hardware.ts'),
  story: () => import('./story.ts'),
  'bus-faults': () => import('./bus-faults.ts'),
  metering: () => import('./metering.ts'),
  'readings-store': () => import('./readings-store.ts'),
  telegrams: () => import('./telegrams.ts'),
  fuzz: () => import('./fuzz.ts'),
  simulation: () => import('./simulation.ts'),
  scale: () => import('./scale.ts'),
  kills: () => import('./kills.ts'),
  'in-flight': () => import('./in-flight.ts'),
  'power-cut': () => import('./power-cut.ts'),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => measurements[name] === undefined);
if (unknown.length > 0) {
  console.error(`No such measurement: ${unknown.join(', ')}. There are: ${Object.keys(measurements).join(', ')}.`);
  process.exit(1);
}

const figures: Figure[] = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(measurements)) {
  const { measure } = (await measurements[name]?.()) ?? { measure: async () => [] };
  for (const figure of await measure()) {
    figures.push(figure);
    if (!values.json) print(figure);
  }
}
const rows = figures.map(({ name, value, unit, goal }) => ({ name, value, unit, goal, met: isMet(value, goal) }));
if (values.json) console.log(JSON.stringify(rows, undefined, 2));
process.exit(rows.some(({ met }) => met === false) ? 1 : 0);

function print({ name, value, unit, goal }: Figure): void {
  const met = isMet(value, goal);
  const verdict = met === undefined ? 'no goal' : `goal ${goal?.relation} ${goal?.value}, ${met ? 'met' : 'MISSED'}`;
  console.log(`${name.padEnd(64)} ${value.toPrecision(4).padStart(10)} ${unit.padEnd(8)} ${verdict}`);
}

function isMet(value: number, goal: Figure['goal']): boolean | undefined {
  if (goal === undefined) return undefined;
  return goal.relation === '≤' ? value <= goal.value : value >= goal.value;
}
