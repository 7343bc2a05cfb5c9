/**
 * The story that must always work: four homes, a day of metering, a round over MQTT, a tariff, and a second
 * round that no home answers. Usage: scripts/demo [--keep]
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, epochMs } from '../../broker/protocol/clock.ts';
import { chapter, command, quote, say } from './narrator.ts';
import { cohort, day, hour, midnight, people, slot, tariff } from './people.ts';
import { type Outcome, run } from './processes.ts';
import { addWords } from './ready.ts';
import { buildStreet, pollEveryMs, type Street } from './street.ts';

const minimum = 3;
const keep = process.argv.includes('--keep');
const folder = await mkdtemp(join(tmpdir(), 'wattveil-demo-'));
const street = await buildStreet({ folder, people, minContributors: minimum });
try {
  await enrol();
  await consent();
  await meterADay();
  await search();
  const round = await openRound();
  await setTariff(round);
  await openAgain();
  if (keep) await whatNext();
} finally {
  await street.close();
  await rm(folder, { recursive: true });
}

async function enrol(): Promise<void> {
  chapter('Four homes and a utility');
  say(`Bob's three meters hang on one RS-485 line; Bill's bulb on another, his fridge on the P1 port of a smart meter; Alice
reads hers off by hand; James has none.
Each home runs an agent, the utility a broker with its coordinator. All of them are processes of their own.`);
  quote(await readFile(street.configOf('bill'), 'utf8'));
  say('Each home asks to be enrolled, the operator approves it, and publishes the list of the homes: the roster.');
  for (const { home } of people) await atHome(home, 'enrol');
  await atUtility('homes', 'list');
  for (const { home } of people) await atUtility('homes', 'approve', home, '--cohort', cohort);
  for (const { home } of people) await atHome(home, 'enrol', '--wait');
  await atUtility('roster', 'publish', cohort);
}

async function consent(): Promise<void> {
  chapter('Nothing is shared until its owner says so');
  say(`Sharing is off at first. The four turn it on. Their configurations lower the fewest homes that a sum may hold
from 15 to ${minimum}, for this street has only four:`);
  const text = await readFile(street.configOf('bill'), 'utf8');
  quote(text.slice(text.indexOf('policy:')));
  for (const { home } of people) await atHome(home, 'share', 'on');
  for (const { home, metered } of people) {
    for (const { id } of metered) await atHome(home, 'tensors', 'publish', id);
  }
}

async function meterADay(): Promise<void> {
  chapter(`${day}: the meters count`);
  await street.driver.stepTo(midnight);
  for (let at = midnight; at < midnight + 4 * slot; at = after(at, pollEveryMs)) {
    await street.driver.stepTo(after(at, pollEveryMs));
    const passed = (at + pollEveryMs - midnight) / hour;
    if (Number.isInteger(passed)) process.stdout.write(`${passed === 1 ? '' : ' '}${passed}h`);
  }
  process.stdout.write('\n');
  await atHome('bob', 'meters', 'read');
  say('Alice enters what she has read off:');
  for (const { id, description, kwh } of people.find(({ home }) => home === 'alice')?.byHand ?? []) {
    await atHome('alice', ...addWords(id, description, kwh));
    await atHome('alice', 'tensors', 'publish', id);
  }
  await atHome('bob', 'tensors', 'show', 'fridge', '--from', `${day}T00:00:00Z`, '--step', '6h', '--slots', '4');
}

async function search(): Promise<void> {
  chapter('The utility sees what there is, never what it says');
  await atUtility('search', '#energy-consumption');
  say('Asking for the values behind a pointer, with the SDK:');
  const ask = fileURLToPath(new URL('./ask-for-values.js', import.meta.url));
  const { stdout } = await run(process.execPath, [ask, street.brokerUrl, '#energy-consumption']);
  quote(stdout);
  if (!stdout.includes('VALUES_STAY_HOME')) throw new Error('a pointer was not refused its values');
}

async function openRound(): Promise<string> {
  chapter('The round: a sum over homes, and nothing else');
  say('Each home adds up its appliances, splits the sum into shares, and seals one for every home of the roster.');
  const from = ['--from', `${day}T00:00:00Z`, '--step', '6h', '--slots', '4', '--minimum', String(minimum)];
  const started = performance.now();
  await atUtility('rounds', 'open', cohort, '#energy-consumption', ...from, '--watch');
  say(`From request to result: ${Math.round(performance.now() - started)} ms.`);
  const { stdout } = await street.atUtility('rounds', 'list', '--json');
  const rounds = JSON.parse(stdout) as { rounds: { round: string; state: string }[] };
  const opened = rounds.rounds.find(({ state }) => state === 'opened');
  if (opened === undefined) throw new Error('the round was not opened');
  return opened.round;
}

async function setTariff(round: string): Promise<void> {
  chapter('A tariff comes back');
  const outcome = await atUtility('tariff', 'set', '--round', round, '--formula', '0.5*mean+5');
  for (const price of tariff) {
    if (!outcome.stdout.includes(price.toFixed(4))) throw new Error(`the tariff lacks ${price.toFixed(4)}`);
  }
  for (const { home } of people) await atHome(home, 'tariff', 'show');
  for (const { home } of people) await atHome(home, 'ledger');
}

async function openAgain(): Promise<void> {
  chapter('The same hours once more');
  say('A second sum over the same hours could be compared with the first. So no home answers twice:');
  const from = ['--from', `${day}T00:00:00Z`, '--step', '6h', '--slots', '4', '--minimum', String(minimum)];
  const outcome = await street.atUtility('rounds', 'open', cohort, '#energy-consumption', ...from, '--watch');
  command('utility', ['rounds', 'open', cohort, '#energy-consumption', ...from, '--watch']);
  quote(outcome.stdout + outcome.stderr);
  if (outcome.code === 0) throw new Error('the same hours were summed twice');
  await atHome('bob', 'ledger');
}

async function whatNext(): Promise<void> {
  chapter('It goes on running');
  const next = epochMs(midnight + 4 * slot);
  say(`Time stands at ${new Date(next).toISOString()}. In another terminal, from this folder:

  node dist/scripts/wattveil.js ledger --config ${street.configOf('bob')}
  node dist/scripts/wattveil.js meters read --config ${street.configOf('bill')}
  node dist/scripts/wattveil.js share off --config ${street.configOf('alice')}
  node dist/scripts/wattveil.js rounds list --broker ${street.brokerUrl}
  mosquitto_sub -p ${new URL(street.brokerUrl).port} -v -t 'wattveil/v1/cohorts/${cohort}/results/+' -C 1

Ctrl-C ends it and removes ${folder}.`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

function atHome(home: string, ...words: readonly string[]): Promise<Outcome> {
  return shown(home, words, () => street.atHome(home, ...words));
}

function atUtility(...words: readonly string[]): Promise<Outcome> {
  return shown('utility', words, () => street.atUtility(...words));
}

async function shown(who: string, words: readonly string[], act: () => ReturnType<Street['atHome']>): Promise<Outcome> {
  command(who, words);
  const outcome = await act();
  quote(outcome.stdout + outcome.stderr);
  if (outcome.code !== 0) throw new Error(`wattveil ${words.join(' ')} ended with ${outcome.code}`);
  return outcome;
}
