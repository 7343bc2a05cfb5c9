import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { admission } from '../../../broker/mqtt/admission.ts';
import { createLink, type RunningLink } from '../../../broker/mqtt/link.ts';
import { type MqttServer, startMqttServer } from '../../../broker/mqtt/mqtt-server.ts';
import { defaultPrefix } from '../../../broker/protocol/default-prefix.ts';
import { topicOf } from '../../../broker/protocol/topics.ts';
import { publishRetained } from '../../../broker/rounds/retained.ts';
import { eventually } from '../eventually.ts';
import { keepingLog, silentLog } from '../silent-log.ts';

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const prefix = defaultPrefix;
const listen = { host: '127.0.0.1', port: 0, insecure: false };

async function server(more: { connectTimeoutMs?: number; mostPending?: number } = {}): Promise<MqttServer> {
  const started = await startMqttServer({ listen, prefix, log: silentLog, ...more });
  open.push(started);
  return started;
}
async function client(at: MqttServer, options: IClientOptions = {}): Promise<MqttClient> {
  const connected = await connectAsync(`mqtt://127.0.0.1:${at.port}`, { reconnectPeriod: 0, ...options }, false);
  connected.on('error', () => undefined);
  open.push({ close: () => connected.endAsync(true) });
  return connected;
}
async function socket(at: MqttServer): Promise<Socket> {
  const connected = connectTcp(at.port, '127.0.0.1');
  connected.on('error', () => undefined);
  await once(connected, 'connect');
  open.push({ close: () => void connected.destroy() });
  return connected;
}
async function link(at: MqttServer): Promise<RunningLink> {
  const made = createLink({
    server: at,
    prefix,
    log: silentLog,
  });
  open.push(made);
  return made;
}
/** Unlike `once`, not rejected by the reset that comes before. */
const closed = (of: Socket | MqttClient) => new Promise<void>((resolve) => void (of as Socket).on('close', resolve));

const connectPacket = (clientId: string, keepalive = 60, clean = true): Buffer => {
  const id = Buffer.from(clientId);
  const body = Buffer.concat([
    Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, clean ? 2 : 0, keepalive >> 8, keepalive & 255]),
    Buffer.from([id.length >> 8, id.length & 255]),
    id,
  ]);
  return Buffer.concat([Buffer.from([0x10]), lengthBytes(body.length), body]);
};
function lengthBytes(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? byte | 128 : byte);
  } while (rest > 0);
  return Buffer.from(bytes);
}

describe('the embedded broker', () => {
  test.each(['0.0.0.0', '192.168.1.4', '::'])(
    'refuses to listen on %s unless told that it is insecure',
    async (host) => {
      const started = startMqttServer({ listen: { host, port: 0, insecure: false }, prefix, log: silentLog });
      await expect(started).rejects.toMatchObject({ code: 'LISTEN_NOT_LOOPBACK' });
    },
  );

  test('names the port that is taken', async () => {
    const { port } = await server();
    const second = startMqttServer({ listen: { ...listen, port }, prefix, log: silentLog });
    await expect(second).rejects.toMatchObject({ code: 'LISTEN_FAILED', message: expect.stringContaining(`:${port}`) });
  });

  test('closes a socket whose first packet has 300 kB', async () => {
    const at = await server();
    const one = await socket(at);
    one.write(Buffer.concat([Buffer.from([0x10]), lengthBytes(300_000), Buffer.alloc(300_000)]));
    await closed(one);
  });

  test('closes a connected client at the mere header of 20 MB', async () => {
    const at = await server();
    const one = await socket(at);
    one.write(connectPacket('bob'));
    await once(one, 'data');
    one.write(Buffer.concat([Buffer.from([0x32]), lengthBytes(20_000_000)]));
    await closed(one);
  });

  test('takes a report of 42 kB sent together with CONNECT', async () => {
    const at = await server();
    const coordinator = await link(at);
    const received = new Promise<Uint8Array>((resolve) => {
      coordinator.on('report', (_, payload) => resolve(payload));
    });
    await coordinator.start();
    const one = await socket(at);
    const topic = Buffer.from(topicOf(prefix, 'report', { home: 'bob', round: 'ab' }));
    const body = Buffer.concat([Buffer.from([0, topic.length]), topic, Buffer.from([0, 1]), Buffer.alloc(42_000, 7)]);
    one.write(Buffer.concat([connectPacket('bob'), Buffer.from([0x32]), lengthBytes(body.length), body]));
    expect((await received).length).toBe(42_000);
  });

  test('closes sockets that stay silent', async () => {
    const at = await server({ connectTimeoutMs: 100 });
    const silent = await Promise.all([socket(at), socket(at)]);
    await Promise.all(silent.map(closed));
  });

  test('takes no more sockets of one address while too many have not connected', async () => {
    const at = await server({ mostPending: 3 });
    const pending = [await socket(at), await socket(at), await socket(at)];
    const fourth = await socket(at);
    await closed(fourth);
    pending[0]?.write(connectPacket('bob'));
    await once(pending[0] as Socket, 'data');
    await client(at, { clientId: 'alice' });
  });

  test.each([
    ['a wildcard in the client id', connectPacket('a/+/#')],
    ['a client id of 65 letters', connectPacket('a'.repeat(65))],
    ['an empty client id that wants a session kept', connectPacket('', 60, false)],
    ['the coordinator’s id without its password', connectPacket('coordinator')],
  ])('refuses %s', async (_, packet) => {
    const at = await server();
    const one = await socket(at);
    const seen: Buffer[] = [];
    one.on('data', (chunk: Buffer) => seen.push(chunk));
    one.write(packet);
    await closed(one);
    const connack = Buffer.concat(seen);
    expect(connack.length === 0 || (connack[0] === 0x20 && connack[3] !== 0)).toBe(true);
  });

  test.each([0, 1, 3600, 65_535])('takes a home that wants a keepalive of %i s', async (keepalive) => {
    const at = await server();
    const one = await socket(at);
    one.write(connectPacket('bob', keepalive));
    const [connack] = (await once(one, 'data')) as [Buffer];
    expect([...connack]).toEqual([0x20, 2, 0, 0]);
  });

  test('takes clients of foreign tools: without an id, or with an underscore in it', async () => {
    const at = await server();
    await client(at, { clientId: '', clean: true });
    await client(at, { clientId: 'mqttjs_1f3A' });
  });

  test.each([
    ['on another topic', { topic: `${prefix}/cohorts/feeder-7/tariff`, payload: Buffer.from('x') }],
    ['of another home', { topic: topicOf(prefix, 'status', { home: 'alice' }), payload: Buffer.from('x') }],
    ['of 1 kB', { topic: topicOf(prefix, 'status', { home: 'bob' }), payload: Buffer.alloc(1024) }],
  ])('refuses a will %s', async (_, will) => {
    const at = await server();
    await expect(client(at, { clientId: 'bob', will: { ...will, qos: 1, retain: true } })).rejects.toThrow();
  });

  test('delivers the will of a home whose connection breaks', async () => {
    const at = await server();
    const coordinator = await link(at);
    const status = new Promise<string>((resolve) => {
      coordinator.on('status', (_, payload) => resolve(Buffer.from(payload).toString()));
    });
    await coordinator.start();
    const topic = topicOf(prefix, 'status', { home: 'bob' });
    const home = await client(at, {
      clientId: 'bob',
      will: { topic, payload: Buffer.from('gone'), qos: 1, retain: true },
    });
    home.stream.destroy();
    expect(await status).toBe('gone');
  });

  test.each([
    ['a topic that is none of the protocol’s', 'elsewhere', false],
    ['something retained where nothing is kept', topicOf(prefix, 'report', { home: 'bob', round: 'ab' }), true],
  ])('closes on a publish to %s', async (_, topic, retain) => {
    const at = await server();
    const one = await client(at, { clientId: 'bob' });
    const gone = closed(one);
    one.publish(topic, 'x', { qos: 1, retain }, () => undefined);
    await gone;
  });

  test('refuses subscriptions to the broker’s own topics by SUBACK, and the connection stays', async () => {
    const at = await server();
    const one = await client(at, { clientId: 'bob' });
    await expect(one.subscribeAsync('$SYS/#')).rejects.toThrow();
    await one.subscribeAsync(`${prefix}/homes/bob/#`);
    expect(one.connected).toBe(true);
  });

  test('goes on serving others beside a subscriber that stops reading', async () => {
    const at = await server();
    const frozen = await socket(at);
    frozen.write(connectPacket('frozen'));
    await once(frozen, 'data');
    const filter = Buffer.from(`${prefix}/homes/#`);
    frozen.write(
      Buffer.concat([Buffer.from([0x82, filter.length + 5, 0, 1, 0, filter.length]), filter, Buffer.from([1])]),
    );
    await once(frozen, 'data');
    frozen.pause();
    const coordinator = await link(at);
    const arrivals: number[] = [];
    coordinator.on('report', () => void arrivals.push(performance.now()));
    await coordinator.start();
    const homes = await Promise.all(Array.from({ length: 300 }, (_, i) => client(at, { clientId: `home-${i}` })));
    const started = performance.now();
    for (const [i, home] of homes.entries()) {
      home.publish(topicOf(prefix, 'report', { home: `home-${i}`, round: 'ab' }), Buffer.alloc(40_000), { qos: 1 });
    }
    await eventually(() => arrivals.length).toBe(300);
    // Stalled, they would wait for the frozen one to be thrown out, after 5 s.
    expect(Math.max(...arrivals) - started).toBeLessThan(4_500);
  });
});

test('the coordinator waits for no home that does not read: others get theirs while those are still connected', async () => {
  const { log, lines } = keepingLog();
  // Nobody is thrown out while this test lasts.
  const at = await startMqttServer({ listen, prefix, log, drainTimeoutMs: 600_000 });
  open.push(at);
  const topicFor = (home: string) => topicOf(prefix, 'open', { home, round: '0'.repeat(32) });
  const stalled = Array.from({ length: 48 }, (_, nth) => `stalled-${nth}`);
  for (const home of stalled) await subscribedSocket(at, home, topicFor(home));
  const reader = await client(at, { clientId: 'reader' });
  let arrived = 0;
  reader.on('message', () => {
    arrived += 1;
  });
  await reader.subscribeAsync(topicFor('reader'), { qos: 1 });
  const coordinator = await link(at);
  await coordinator.start();
  const request = Buffer.alloc(22_000, 7);
  for (let round = 0; round < 250; round += 1) {
    await publishRetained(
      coordinator,
      [...stalled, 'reader'].map((home) => ({ topic: topicFor(home), payload: () => request })),
    );
  }
  await eventually(() => arrived).toBe(250);
  // Their sockets are full by now.
  expect(lines.filter((line) => line.includes('stalled-') && !line.includes('"connected"'))).toEqual([]);
});

/** Reads no more once it has subscribed. */
async function subscribedSocket(at: MqttServer, clientId: string, topic: string): Promise<void> {
  const stalled = await socket(at);
  stalled.write(connectPacket(clientId));
  await once(stalled, 'data');
  const filter = Buffer.from(topic);
  const body = Buffer.concat([Buffer.from([0, 1, 0, filter.length]), filter, Buffer.from([1])]);
  stalled.write(Buffer.concat([Buffer.from([0x82]), lengthBytes(body.length), body]));
  await once(stalled, 'data');
  stalled.pause();
}

describe('admission', () => {
  test('accepts the will of a home that never came back: a refusal would end the process', () => {
    const { authorizePublish } = admission(prefix, 'secret');
    const will = { cmd: 'publish', qos: 1, dup: false, retain: true, topic: 'elsewhere', payload: 'x' } as const;
    let error: Error | null | undefined = new Error('not called');
    authorizePublish(null, will, (given) => {
      error = given;
    });
    expect(error).toBeNull();
  });
});

describe('the coordinator’s link', () => {
  test('connects again by itself, subscribes again, and says so to its listeners each time', async () => {
    const at = await server();
    const coordinator = await link(at);
    let connects = 0;
    let again: () => void = () => undefined;
    const second = new Promise<void>((resolve) => {
      again = resolve;
    });
    const requests: string[] = [];
    coordinator.on('operatorRequest', (levels) => void requests.push(levels.request));
    coordinator.onConnect(() => {
      if (++connects === 2) again();
    });
    await coordinator.start();
    expect(connects).toBe(1);
    // A takeover with the right password: the link loses its receiving connection.
    const usurper = await client(at, { clientId: 'coordinator', username: 'x', password: at.coordinatorPassword });
    await usurper.endAsync(true);
    await second;
    const operator = await client(at, { clientId: 'op' });
    await operator.publishAsync(topicOf(prefix, 'operatorRequest', { request: 'r1' }), '{}', { qos: 1 });
    await eventually(() => requests).toEqual(['r1']);
  });

  test('receives retained state when it subscribes, and a failing listener stops nobody', async () => {
    const at = await server();
    const home = await client(at, { clientId: 'bob' });
    await home.publishAsync(topicOf(prefix, 'catalogue', { home: 'bob' }), 'tensors', { qos: 1, retain: true });
    const coordinator = await link(at);
    const seen: string[] = [];
    coordinator.on('catalogue', () => {
      throw new Error('broken');
    });
    coordinator.on('catalogue', ({ home: of }, payload) => void seen.push(`${of} ${Buffer.from(payload).toString()}`));
    await coordinator.start();
    await eventually(() => seen).toEqual(['bob tensors']);
  });

  test('does not wait for ever on a publish when the broker goes', async () => {
    const at = await startMqttServer({ listen, prefix, log: silentLog });
    const coordinator = await link(at);
    await coordinator.start();
    const tariff = topicOf(prefix, 'tariff', { cohort: 'feeder-7' });
    const under = coordinator.publish(tariff, 'x', { retain: true });
    await at.close();
    await under;
    await coordinator.publish(tariff, 'y', { retain: true });
  });

  test('publishes retained state of 4 MB, more than a home may send', async () => {
    const at = await server();
    const coordinator = await link(at);
    await coordinator.start();
    const topic = topicOf(prefix, 'roster', { cohort: 'feeder-7', hash: 'ab' });
    await coordinator.publish(topic, Buffer.alloc(4 * 1024 * 1024), { retain: true });
    const home = await client(at, { clientId: 'bob' });
    const got = new Promise<Buffer>((resolve) => void home.once('message', (_, payload) => resolve(payload)));
    await home.subscribeAsync(topic);
    expect((await got).length).toBe(4 * 1024 * 1024);
  });
});
