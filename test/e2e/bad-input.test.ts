/** What comes from outside and is wrong: real processes say what it is, go on, and lose nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filterOf, topicOf } from '../../broker/protocol/topics.ts';
import { cohort, day } from '../../scripts/story/people.ts';
import { runWattveil, startWattveil } from '../../scripts/story/processes.ts';
import { must, openReadyStreet } from '../../scripts/story/ready.ts';
import { freePort, type Street } from '../../scripts/story/street.ts';

const prefix = 'wattveil/v1';
const round = '00112233445566778899aabbccddeeff';
const hash = 'ab'.repeat(32);
let folder = '';
let street: Street;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattveil-bad-'));
  street = await openReadyStreet(join(folder, 'street'));
}, 120_000);
afterAll(async () => {
  await street?.close();
  await rm(folder, { recursive: true });
});

/** Everything an agent or the coordinator listens to. */
const heard = [
  topicOf(prefix, 'round', { cohort, round }),
  topicOf(prefix, 'roster', { cohort, hash }),
  topicOf(prefix, 'result', { cohort, round }),
  topicOf(prefix, 'tariff', { cohort }),
  topicOf(prefix, 'open', { home: 'bob', round }),
  topicOf(prefix, 'enrolmentReply', { home: 'bob' }),
  topicOf(prefix, 'enrolmentRequest', { home: 'mallory' }),
  topicOf(prefix, 'report', { home: 'bob', round }),
  topicOf(prefix, 'answer', { home: 'bob', round }),
  topicOf(prefix, 'decline', { home: 'bob', round }),
  topicOf(prefix, 'complaint', { home: 'bob', round }),
  topicOf(prefix, 'catalogue', { home: 'bob' }),
  topicOf(prefix, 'agreementKey', { home: 'bob' }),
  topicOf(prefix, 'status', { home: 'bob' }),
  topicOf(prefix, 'operatorRequest', { request: 'garbage' }),
];

const garbage: readonly (readonly [string, Buffer])[] = [
  ['CBOR that nests two hundred thousand deep', Buffer.alloc(200_000, 0x81)],
  ['maps that nest', Buffer.from('a16161'.repeat(60_000), 'hex')],
  ['a list of 2^32 items', Buffer.from('9b0000000100000000', 'hex')],
  ['a bignum', Buffer.concat([Buffer.from('c25a00030000', 'hex'), Buffer.alloc(196_608, 0xff)])],
  ['JSON that nests', Buffer.from('['.repeat(100_000))],
  ['noise', Buffer.alloc(150_000, 'WattVeil')],
];

describe('garbage on the wire', () => {
  it.each(garbage)('of the kind «%s» on every topic stops nobody', async (_, payload) => {
    for (const topic of heard) {
      const client = await mqtt.connectAsync(street.brokerUrl, { reconnectPeriod: 0 });
      client.on('error', () => undefined);
      await Promise.race([
        client.publishAsync(topic, payload, { qos: 1 }),
        new Promise((resolve) => client.once('close', () => resolve(undefined))),
      ]);
      await client.endAsync(true);
    }
    await everybodyIsThere();
  });

  it('of ten megabytes ends the connection it comes on, and nothing else', async () => {
    const client = await mqtt.connectAsync(street.brokerUrl, { reconnectPeriod: 0 });
    client.on('error', () => undefined);
    const closed = new Promise((resolve) => client.once('close', () => resolve(undefined)));
    client.publish(topicOf(prefix, 'report', { home: 'bob', round }), Buffer.alloc(10_000_000), { qos: 1 });
    await closed;
    await client.endAsync(true);
    await everybodyIsThere();
  });

  it('leaves a round to come out right', async () => {
    const words = ['rounds', 'open', cohort, '#energy-consumption', '--day', day, '--step', '6h', '--minimum', '3'];
    const { stdout } = await must(street.atUtility(...words, '--watch', '--json'));
    expect(JSON.parse(stdout).result).toMatchObject({ state: 'opened', sum: [33700, 38000, 55500, 34200] });
  });
});

async function everybodyIsThere(): Promise<void> {
  const { stdout } = await must(street.atUtility('search', '#energy-consumption', '--json'));
  const { homes } = JSON.parse(stdout) as { homes: { home: string }[] };
  expect(homes.map(({ home }) => home)).toEqual(['alice', 'bill', 'bob', 'james']);
  for (const home of ['alice', 'bob']) await must(street.atHome(home, 'agent', 'status'));
}

describe('an operator’s request', () => {
  it.each([
    ['is not JSON', '{"v":1,', 'REQUEST_NOT_JSON'],
    ['has a misspelt key', '{"v":1,"type":"search","tag":["#fridge"]}', 'REQUEST_MALFORMED'],
    ['asks for an unknown tag', roundWith({ tags: ['#nothing'] }), 'TAG_UNKNOWN'],
    ['asks for hours to come', roundWith({ from: '2027-11-23T00:00:00Z' }), 'ROUND_GRID_AHEAD'],
    ['asks for slots shorter than homes give', roundWith({ step: 'PT5M', slots: 12 }), 'ROUND_SLOT_TOO_SHORT'],
    ['asks for values', '{"v":1,"type":"values","home":"bob","tensor":"total"}', 'VALUES_STAY_HOME'],
    ['has a formula that is none', tariffWith('0.5*mean+'), 'FORMULA_MALFORMED'],
    ['has a formula of unknown things', tariffWith('0.5*median+5'), 'FORMULA_NAME_UNKNOWN'],
  ])('that %s is answered with a code and a remedy', async (what, payload, code) => {
    const request = what.replaceAll(/[^a-z]+/g, '-');
    const reply = await replyTo(request, payload.replace('ROUND', await anOpenedRound()));
    expect(reply).toMatchObject({ type: 'error', code });
    expect(reply.says.length).toBeGreaterThan(10);
    expect(reply.remedy.length).toBeGreaterThan(10);
  });
});

function roundWith(fields: object): string {
  const usual = {
    v: 1,
    type: 'round',
    cohort,
    tags: ['#energy-consumption'],
    from: `${day}T00:00:00Z`,
    step: 'PT6H',
    slots: 4,
  };
  return JSON.stringify({ ...usual, minimum: 3, ...fields });
}

function tariffWith(formula: string): string {
  return JSON.stringify({ v: 1, type: 'tariff', round: 'ROUND', formula });
}

async function anOpenedRound(): Promise<string> {
  const { stdout } = await must(street.atUtility('rounds', 'list', '--json'));
  return JSON.parse(stdout).rounds.find(({ state }: { state: string }) => state === 'opened').round;
}

async function replyTo(request: string, payload: string): Promise<{ says: string; remedy: string }> {
  const client = await mqtt.connectAsync(street.brokerUrl, { reconnectPeriod: 0 });
  try {
    const reply = new Promise<Buffer>((resolve) => client.once('message', (_, message) => resolve(message)));
    await client.subscribeAsync(filterOf(prefix, 'operatorReply', { request }), { qos: 1 });
    await client.publishAsync(topicOf(prefix, 'operatorRequest', { request }), payload, { qos: 1 });
    return JSON.parse((await reply).toString());
  } finally {
    await client.endAsync(true);
  }
}

describe('an agent', () => {
  it('names a misspelt setting, where it stands, and the right one', async () => {
    const { code, stderr } = await runAgentWith(
      'misspelt',
      'broker: { url: mqtt://127.0.0.1:1 }\npolicy: { minContributers: 3 }',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^CONFIG_KEY_UNKNOWN: .*misspelt\.yaml.*line \d+.*minContributers/m);
    expect(stderr).toMatch(/What to do: .*minContributors/);
  });

  it('says once that its broker is not there, and goes on trying', async () => {
    const port = await freePort();
    const path = await configOf('lonely', `broker: { url: mqtt://127.0.0.1:${port} }`);
    const agent = startWattveil('lonely', ['agent', 'run', '--config', path]);
    try {
      await agent.line((line) => line.includes('the broker is away'));
      await new Promise((resolve) => setTimeout(resolve, 4000));
      expect(agent.lines.filter((line) => line.includes('the broker is away'))).toHaveLength(1);
      await must(runWattveil(['agent', 'status', '--config', path]));
    } finally {
      await agent.end();
    }
  });

  it('is the only one on its data folder', async () => {
    const { code, stderr } = await runWattveil(['agent', 'run', '--config', street.configOf('bob')]);
    expect(code).toBe(1);
    expect(stderr).toContain(String(street.agents.get('bob')?.pid));
    expect(stderr).toMatch(/What to do: /);
    await must(street.atHome('bob', 'agent', 'status'));
  });

  it('refuses a broker that is not on the loopback', async () => {
    const { code, stderr } = await runAgentWith('exposed', 'broker: { url: mqtt://192.0.2.1:1883 }');
    expect(code).toBe(1);
    expect(stderr).toMatch(/insecure/);
  });

  it('reads on where a port is not there, and says so', async () => {
    const port = await freePort();
    const path = await configOf(
      'unplugged',
      `broker: { url: mqtt://127.0.0.1:${port} }
buses: [{ id: line, port: ${join(folder, 'no-such-port')} }]
devices: [{ id: fridge, bus: line, address: 3, profile: eastron-sdm120 }]`,
    );
    const agent = startWattveil('unplugged', ['agent', 'run', '--config', path]);
    try {
      await agent.line((line) => line.includes('PORT_NOT_FOUND'));
      const { stdout } = await must(runWattveil(['meters', 'read', '--config', path]));
      expect(stdout).toContain('PORT_NOT_FOUND');
    } finally {
      await agent.end();
    }
  });
});

async function configOf(home: string, text: string): Promise<string> {
  const path = join(folder, `${home}.yaml`);
  await writeFile(path, `home: ${home}\ndataDir: ./${home}\n${text}\n`);
  return path;
}

async function runAgentWith(home: string, text: string): Promise<{ code: number | string; stderr: string }> {
  return runWattveil(['agent', 'run', '--config', await configOf(home, text)]);
}
