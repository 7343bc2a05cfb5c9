import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MqttLink } from '../../agent/mqtt-link.ts';
import type { Received } from '../../broker/protocol/topics.ts';
import { eventually } from '../broker/eventually.ts';
import { keepingLog } from '../broker/silent-log.ts';
import { MadeBroker, watch } from './made-broker.ts';

const prefix = 'wattveil/v1';
const round = 'ab'.repeat(16);
const open = `${prefix}/homes/bob/rounds/${round}/open`;

let broker: MadeBroker;
let link: MqttLink;
let connects: number;
let received: { received: Received; payload: Buffer }[];
let log: ReturnType<typeof keepingLog>;

beforeEach(async () => {
  broker = new MadeBroker();
  await broker.start();
  connects = 0;
  received = [];
  log = keepingLog();
});
afterEach(async () => {
  await link.close();
  await broker.stop();
});

function makeLink(url = broker.url): MqttLink {
  link = new MqttLink({
    url,
    prefix,
    home: 'bob',
    log: log.log,
    // The shortest waits that the back-off gives.
    random01: () => 0.01,
    will: () => ({ topic: `${prefix}/homes/bob/status`, payload: 'gone' }),
    onConnect: () => {
      connects += 1;
      void link.subscribe(open);
    },
    onMessage: (each, payload) => void received.push({ received: each, payload: Buffer.from(payload) }),
  });
  return link;
}

const said = (text: string) => log.lines.filter((line) => line.includes(text)).length;

test('connects under the home’s name; what is retained comes with the subscription', async () => {
  const { client } = await watch(broker.url, 'coordinator');
  await client.publishAsync(open, 'request', { qos: 1, retain: true });
  makeLink().start();
  await eventually(() => received.length).toBe(1);
  expect(broker.connected).toContain('bob');
  expect(received[0]).toEqual({
    received: { name: 'open', levels: { home: 'bob', round } },
    payload: Buffer.from('request'),
  });
  await client.endAsync();
});

test('publishes as the table of topics says: retained or not', async () => {
  const { client, seen } = await watch(broker.url, 'coordinator');
  makeLink().start();
  await eventually(() => link.connected).toBe(true);
  await link.publish('catalogue', { home: 'bob' }, Buffer.from('entries'));
  await link.publish('report', { home: 'bob', round }, Buffer.from('report'));
  await eventually(() => seen.length).toBe(2);
  await client.endAsync();
  const later = await watch(broker.url, 'later');
  await eventually(() => later.seen.map(({ topic }) => topic)).toEqual([`${prefix}/homes/bob/catalogue`]);
  await later.client.endAsync();
});

test('a report of forty kilobytes goes out at once after connecting', async () => {
  const { client, seen } = await watch(broker.url, 'coordinator');
  makeLink().start();
  await eventually(() => link.connected).toBe(true);
  await link.publish('report', { home: 'bob', round }, Buffer.alloc(42_000, 7));
  await eventually(() => seen[0]?.payload.length).toBe(42_000);
  await client.endAsync();
});

describe('when the broker goes away', () => {
  test('it is said once, and the link comes back with a new subscription', async () => {
    makeLink().start();
    await eventually(() => connects).toBe(1);
    await broker.stop();
    await eventually(() => link.connected).toBe(false);
    await eventually(() => said('the broker is away')).toBe(1);
    // Many tries: the waits are short here.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(said('the broker is away')).toBe(1);
    await broker.start();
    await eventually(() => connects).toBe(2);
    const { client } = await watch(broker.url, 'coordinator');
    await client.publishAsync(open, 'again', { qos: 1 });
    await eventually(() => received.at(-1)?.payload.toString()).toBe('again');
    expect(said('connected to the broker')).toBe(2);
    await client.endAsync();
  });

  test('what is published meanwhile is dropped, and waits for nobody', async () => {
    makeLink().start();
    await eventually(() => connects).toBe(1);
    await broker.stop();
    await eventually(() => link.connected).toBe(false);
    await link.publish('report', { home: 'bob', round }, Buffer.from('lost'));
    await link.subscribe(open);
    await broker.start();
    const { client, seen } = await watch(broker.url, 'coordinator');
    await eventually(() => connects).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(seen.filter(({ topic }) => topic.endsWith('/report'))).toEqual([]);
    await client.endAsync();
  });

  test('a publish that is under way is not waited for', async () => {
    const silent = createServer((socket) => socket.once('data', () => socket.write(Buffer.from([0x20, 2, 0, 0]))));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    makeLink(`mqtt://127.0.0.1:${port}`).start();
    await eventually(() => link.connected).toBe(true);
    const sent = link.publish('report', { home: 'bob', round }, Buffer.from('never acknowledged'));
    await link.close();
    await sent;
    await new Promise((resolve) => silent.close(resolve));
  });
});

test('a broker that was never there is said to be away, with the reason', async () => {
  const free = new MadeBroker();
  await free.start();
  await free.stop();
  makeLink(free.url).start();
  await eventually(() => said('the broker is away')).toBe(1);
  expect(log.lines.join('')).toContain('ECONNREFUSED');
});

test('a broker that drops each connection is said to do so, once', async () => {
  const dropping = createServer((socket) =>
    socket.once('data', () => {
      socket.write(Buffer.from([0x20, 2, 0, 0]));
      setTimeout(() => socket.destroy(), 5);
    }),
  );
  await new Promise<void>((resolve) => dropping.listen(0, '127.0.0.1', resolve));
  const { port } = dropping.address() as { port: number };
  makeLink(`mqtt://127.0.0.1:${port}`).start();
  await eventually(() => connects).toBeGreaterThan(8);
  expect(said('drops each connection')).toBe(1);
  expect(said('connected to the broker')).toBe(1);
  await link.close();
  await new Promise((resolve) => dropping.close(resolve));
});

test('a packet larger than any message ends the connection at its header', async () => {
  let closed = false;
  const hostile = createServer((socket) => {
    socket.on('close', () => {
      closed = true;
    });
    socket.on('error', () => {});
    socket.once('data', () => socket.write(Buffer.from([0x20, 2, 0, 0, 0x30, 0xff, 0xff, 0xff, 0x7f])));
  });
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
  const { port } = hostile.address() as { port: number };
  makeLink(`mqtt://127.0.0.1:${port}`).start();
  await eventually(() => closed).toBe(true);
  await link.close();
  await new Promise((resolve) => hostile.close(resolve));
});

test('bytes that are no MQTT end the connection, not the process', async () => {
  let tries = 0;
  const hostile = createServer((socket) => {
    tries += 1;
    socket.on('error', () => {});
    socket.once('data', () => socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')));
  });
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
  const { port } = hostile.address() as { port: number };
  makeLink(`mqtt://127.0.0.1:${port}`).start();
  await eventually(() => tries).toBeGreaterThan(1);
  expect(connects).toBe(0);
  await link.close();
  await new Promise((resolve) => hostile.close(resolve));
});

describe('the will', () => {
  test('is published when the home vanishes', async () => {
    const { client, seen } = await watch(broker.url, 'coordinator');
    makeLink().start();
    await eventually(() => connects).toBe(1);
    // A second client of the name takes the connection over: the first has vanished without goodbye.
    const thief = await watch(broker.url, 'bob');
    await eventually(() => seen.map(({ payload }) => payload.toString())).toContain('gone');
    await thief.client.endAsync();
    await client.endAsync();
  });

  test('is not, when it says goodbye', async () => {
    const { client, seen } = await watch(broker.url, 'coordinator');
    makeLink().start();
    await eventually(() => connects).toBe(1);
    await link.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen).toEqual([]);
    await client.endAsync();
  });
});
