/**
 * The home's connection to the broker: a new MQTT client for each connection, with back-off between them.
 * Knows nothing of what the messages mean. Whatever has to arrive is published again when its owner is asked again;
 * nothing is queued here.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MqttClient } from 'mqtt';
import type { Logger } from 'pino';
import { nextDelayMs } from '../broker/protocol/backoff.ts';
import { longestMessage } from '../broker/protocol/cbor.ts';
import {
  type Received,
  readTopic,
  type TopicLevels,
  type TopicName,
  topicOf,
  topics,
} from '../broker/protocol/topics.ts';
import { guardPackets } from './packet-guard.ts';

export interface LinkParts {
  readonly url: string;
  readonly prefix: string;
  /** Client id: the home's. */
  readonly home: string;
  readonly log: Logger;
  /** Uniform, 0 ≤ r < 1: jitter. */
  readonly random01: () => number;
  /** Said by the broker in this home's name once the connection is lost. */
  readonly will: () => { readonly topic: string; readonly payload: string };
  /** After each connect: the place to subscribe, and to publish what is retained. */
  readonly onConnect: () => void;
  /** A message of ours. Must not throw. */
  readonly onMessage: (received: Received, payload: Uint8Array) => void;
}

/** A roster of the largest size, its topic and the packet around it. */
const longestPacket = longestMessage + 65_536;
const connectTimeoutMs = 10_000;
const keepaliveSeconds = 60;
const goodbyeMs = 2_000;
/** A connection that lasts this long was none of a broker that accepts and drops. */
const lastingMs = 30_000;
/** So many short connections in a row are told of. */
const shortOnesTold = 5;

export class MqttLink {
  readonly #parts: LinkParts;
  #client: MqttClient | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Connections that did not come about or did not last, one after the other. */
  #failures = 0;
  #told: 'nothing' | 'connected' | 'away' = 'nothing';
  #closed = false;
  /** Called once this connection is gone; undefined when it is. */
  #onLost: Set<() => void> | undefined;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#connect();
  }

  get connected(): boolean {
    return this.#client?.connected === true;
  }

  /** Resolves once the broker has it, or at once where there is no connection. Never rejects. */
  publish<Name extends TopicName>(name: Name, levels: TopicLevels<Name>, payload: Uint8Array | string): Promise<void> {
    const client = this.#client;
    if (client?.connected !== true) return Promise.resolve();
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload);
    const topic = topicOf(this.#parts.prefix, name, levels);
    return this.#untilLost((done) => client.publish(topic, bytes, { qos: 1, retain: topics[name].retained }, done));
  }

  /** One filter at a time: a broker that refuses one of several would fail them all. Also sends retained state again. */
  subscribe(filter: string): Promise<void> {
    const client = this.#client;
    if (client?.connected !== true) return Promise.resolve();
    return this.#untilLost((done) =>
      client.subscribe(filter, { qos: 1 }, (error, granted) => {
        const refused = error !== null || granted?.some(({ qos }) => qos === 128) === true;
        if (refused && client.connected) this.#parts.log.warn({ filter }, 'the broker refused a subscription');
        done();
      }),
    );
  }

  unsubscribe(filter: string): Promise<void> {
    const client = this.#client;
    if (client?.connected !== true) return Promise.resolve();
    return this.#untilLost((done) => client.unsubscribe(filter, () => done()));
  }

  /** Says goodbye, so that the broker does not publish the will. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const client = this.#client;
    if (client === undefined) return;
    const onLost = this.#onLost;
    await new Promise<void>((resolve) => {
      // A client that says goodbye waits for what was not acknowledged, and a broker that hangs never does.
      const waited = setTimeout(() => client.stream.destroy(), goodbyeMs);
      const done = () => {
        clearTimeout(waited);
        resolve();
      };
      if (onLost === undefined) done();
      else onLost.add(done);
      client.end(!client.connected);
    });
  }

  #connect(): void {
    const { prefix, home, log } = this.#parts;
    const will = this.#parts.will();
    const onLost = new Set<() => void>();
    let why = 'the connection was closed';
    let connectedAt: number | undefined;
    const blame = (error: Error) => {
      why = error.message === '' ? (reasonIn(error) ?? why) : error.message;
    };
    const client = new MqttClient(() => openSocket(this.#parts.url, blame), {
      clientId: home,
      clean: true,
      protocolVersion: 4,
      keepalive: keepaliveSeconds,
      // A client that reconnects by itself loses what it queued; each connection gets its own.
      reconnectPeriod: 0,
      connectTimeout: connectTimeoutMs,
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
    });
    this.#client = client;
    this.#onLost = onLost;
    client.on('error', (error) => {
      blame(error);
      // After bytes that are no MQTT the client would wait for better ones.
      client.stream.destroy();
    });
    client.on('connect', () => {
      connectedAt = performance.now();
      if (this.#told !== 'connected') log.info({ broker: this.#parts.url }, 'connected to the broker');
      this.#told = 'connected';
      this.#parts.onConnect();
    });
    client.on('message', (topic, payload) => {
      const received = readTopic(prefix, topic);
      if (received !== undefined) this.#parts.onMessage(received, payload);
    });
    client.once('close', () => {
      this.#onLost = undefined;
      for (const lost of onLost) lost();
      client.end(true);
      if (!this.#closed) this.#connectLater(why, connectedAt);
    });
  }

  #connectLater(why: string, connectedAt: number | undefined): void {
    const lasted = connectedAt === undefined ? undefined : performance.now() - connectedAt;
    if (lasted !== undefined && lasted >= lastingMs) this.#failures = 0;
    this.#tell(why, lasted);
    const waitMs = nextDelayMs(this.#failures, this.#parts.random01());
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), waitMs);
  }

  /** Once per absence: a broker that is away for a week fills no log, nor one that drops each connection. */
  #tell(why: string, lasted: number | undefined): void {
    const broker = this.#parts.url;
    const short = lasted !== undefined && lasted < lastingMs;
    if (short && this.#failures === shortOnesTold) {
      this.#parts.log.warn({ broker, why }, 'the broker drops each connection soon after it is made');
    }
    if (short || this.#told === 'away') return;
    this.#told = 'away';
    this.#parts.log.warn({ broker, why }, 'the broker is away; trying again until it is back');
  }

  #untilLost(start: (done: () => void) => void): Promise<void> {
    const onLost = this.#onLost;
    return new Promise((resolve) => {
      const done = () => {
        onLost?.delete(done);
        resolve();
      };
      onLost?.add(done);
      start(done);
    });
  }
}

function openSocket(url: string, onError: (error: Error) => void): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const secure = protocol === 'mqtts:';
  const to = { host, port: port === '' ? (secure ? 8883 : 1883) : Number(port) };
  const socket = secure ? connectTls({ ...to, servername: host }) : connect(to);
  socket.on('error', onError);
  guardPackets(socket, longestPacket);
  return socket;
}

/** Node says of a host with several addresses that failed: nothing, and the reasons in `errors`. */
function reasonIn(error: Error): string | undefined {
  return 'errors' in error && Array.isArray(error.errors) ? String(error.errors[0]?.message) : undefined;
}
