/**
 * Requests to the coordinator and its replies, over the operator topics: what the SDK and the commands send.
 * A lost connection is made again and what is still unanswered is asked again under the same id.
 */
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { connect as connectMqtt, type MqttClient } from 'mqtt';
import { nextDelayMs } from '../protocol/backoff.ts';
import { defaultPrefix } from '../protocol/default-prefix.ts';
import { OperatorReply, type OperatorRequestInput } from '../protocol/operator.ts';
import { readTopic, topicOf } from '../protocol/topics.ts';
import { GridError, Refusal } from './errors.ts';

export interface OperatorLinkOptions {
  /** What stands before every topic; the broker's configuration has the same. */
  readonly prefix?: string;
  /** How long to wait for a connection, and for the first reply to a request. Default 10 s, in real time. */
  readonly timeoutMs?: number;
}

/** A request without its version, which is this package's. */
export type Ask = OperatorRequestInput extends infer Each ? (Each extends { v: 1 } ? Omit<Each, 'v'> : never) : never;
type AskOf<Type extends Ask['type']> = Extract<Ask, { type: Type }>;
export type Interim = Extract<OperatorReply, { type: 'accepted' | 'progress' }>;
type Final = Extract<OperatorReply, { type: 'result' }>;
export type Outcome<Type extends Ask['type']> = Extract<Final, { of: Type }>;

interface Pending {
  readonly payload: string;
  readonly onInterim: ((reply: Interim) => void) | undefined;
  readonly settle: (outcome: Final | Error) => void;
  /** Stopped by the first reply: a round may take a day. */
  readonly silence: NodeJS.Timeout;
  /** Until the first reply on a connection: a broker that has just started takes requests before its coordinator listens. */
  repeat?: NodeJS.Timeout;
}

const repeatMs = 2_000;
/** Operators are few, unlike homes, and a broker that was killed is back in a second or two. */
const triesPerCeiling = 8;

export class OperatorLink {
  readonly url: string;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #pending = new Map<string, Pending>();
  #connecting: Promise<MqttClient> | undefined;
  #client: MqttClient | undefined;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(url: string, options: OperatorLinkOptions) {
    this.url = url;
    this.#prefix = options.prefix ?? defaultPrefix;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
  }

  /** @throws {GridError} BROKER_URL_INVALID, BROKER_AWAY */
  static async open(url: string, options: OperatorLinkOptions = {}): Promise<OperatorLink> {
    assertBrokerUrl(url);
    const link = new OperatorLink(url, options);
    await link.#connected();
    return link;
  }

  /**
   * Sends one request and waits for its outcome.
   * @param onInterim hears that a round was accepted and how it goes on
   * @throws {Refusal} what the coordinator says
   * @throws {GridError} BROKER_AWAY, COORDINATOR_SILENT, REPLY_MALFORMED, GRID_CLOSED
   */
  async request<Type extends Ask['type']>(
    ask: AskOf<Type>,
    onInterim?: (reply: Interim) => void,
  ): Promise<Outcome<Type>> {
    const client = await this.#connected();
    // Perhaps in the meantime.
    if (this.#closed) throw new GridError('GRID_CLOSED', { url: this.url });
    const id = randomBytes(12).toString('hex');
    const payload = JSON.stringify({ ...ask, v: 1 });
    return new Promise<Outcome<Type>>((resolve, reject) => {
      const settle = (outcome: Final | Error) => {
        clearTimeout(this.#pending.get(id)?.repeat);
        if (!this.#pending.delete(id)) return;
        clearTimeout(silence);
        if (outcome instanceof Error) reject(outcome);
        else if (outcome.of === ask.type) resolve(outcome as Outcome<Type>);
        else reject(this.#malformed(id, `it is about ${outcome.of}`));
      };
      const silence = setTimeout(() => settle(this.#silent()), this.#timeoutMs);
      this.#pending.set(id, { payload, onInterim, settle, silence });
      this.#send(client, id, payload);
    });
  }

  /** What is still unanswered rejects with GRID_CLOSED; the coordinator goes on with it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#again);
    for (const pending of [...this.#pending.values()]) pending.settle(new GridError('GRID_CLOSED', { url: this.url }));
    const client = this.#client;
    if (client !== undefined) await client.endAsync();
  }

  /** One connection at a time, made when it is needed. */
  #connected(): Promise<MqttClient> {
    if (this.#closed) return Promise.reject(new GridError('GRID_CLOSED', { url: this.url }));
    if (this.#client !== undefined) return Promise.resolve(this.#client);
    this.#connecting ??= dial(this.url, this.#timeoutMs)
      .then((client) => this.#take(client))
      .finally(() => {
        this.#connecting = undefined;
      });
    return this.#connecting;
  }

  #take(client: MqttClient): MqttClient {
    if (this.#closed) {
      client.end(true);
      throw new GridError('GRID_CLOSED', { url: this.url });
    }
    this.#client = client;
    client.on('message', (topic, payload) => this.#hear(topic, payload));
    client.once('close', () => {
      client.end(true);
      this.#client = undefined;
      this.#reconnect(0);
    });
    for (const [id, { payload }] of this.#pending) this.#send(client, id, payload);
    return client;
  }

  /** Only while somebody waits for a reply. */
  #reconnect(attempt: number): void {
    if (this.#closed || this.#pending.size === 0) return;
    // Chance only spreads the load: nothing secret hangs on it.
    const waitMs = nextDelayMs(Math.floor(attempt / triesPerCeiling), Math.random());
    this.#again = setTimeout(() => {
      this.#connected().catch(() => this.#reconnect(attempt + 1));
    }, waitMs);
  }

  /** A connection that breaks here sends it again. */
  #send(client: MqttClient, id: string, payload: string): void {
    const pending = this.#pending.get(id);
    if (pending === undefined || client !== this.#client) return;
    clearTimeout(pending.repeat);
    pending.repeat = setTimeout(() => this.#send(client, id, payload), repeatMs);
    const lost = (error: unknown) => {
      if (client.connected) this.#pending.get(id)?.settle(asError(error));
    };
    client
      .subscribeAsync(topicOf(this.#prefix, 'operatorReply', { request: id }), { qos: 1 })
      .then(() => client.publishAsync(topicOf(this.#prefix, 'operatorRequest', { request: id }), payload, { qos: 1 }))
      .catch(lost);
  }

  #hear(topic: string, payload: Buffer): void {
    const received = readTopic(this.#prefix, topic);
    if (received?.name !== 'operatorReply') return;
    const id = received.levels.request;
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    clearTimeout(pending.silence);
    clearTimeout(pending.repeat);
    const reply = readReply(payload);
    if (typeof reply === 'string') pending.settle(this.#malformed(id, reply));
    else if (reply.request !== id) pending.settle(this.#malformed(id, 'it names another request'));
    else if (reply.type === 'result') pending.settle(reply);
    else if (reply.type === 'error') pending.settle(new Refusal(reply.code, reply.says, reply.remedy, reply.retryAt));
    else pending.onInterim?.(reply);
  }

  #silent(): GridError {
    const [url, timeoutMs, prefix] = [this.url, this.#timeoutMs, this.#prefix];
    if (this.#client !== undefined) return new GridError('COORDINATOR_SILENT', { url, timeoutMs, prefix });
    // A broker may also close the connection of who publishes to a topic that is none of its own.
    return new GridError('BROKER_AWAY', { url, why: `it closed the connection (is ${prefix} its topic prefix?)` });
  }

  #malformed(request: string, why: string): GridError {
    return new GridError('REPLY_MALFORMED', { request, why });
  }
}

function assertBrokerUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const known = ['mqtt:', 'mqtts:'].includes(parsed?.protocol ?? '') && parsed?.hostname !== '';
  if (!known) throw new GridError('BROKER_URL_INVALID', { url });
}

/** A new client for each connection: one that reconnects by itself holds back what was queued. */
function dial(url: string, timeoutMs: number): Promise<MqttClient> {
  const started = performance.now();
  const client = connectMqtt(url, {
    clientId: `operator-${randomBytes(8).toString('hex')}`,
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: timeoutMs,
  });
  return new Promise((resolve, reject) => {
    let why = '';
    const away = () => {
      const waitedMs = Math.round(performance.now() - started);
      client.end(true);
      reject(new GridError('BROKER_AWAY', { url, why: why || `no answer in ${waitedMs} ms` }));
    };
    // Stays on: an error after the connection is followed by `close`.
    client.on('error', (error) => {
      why = asError(error).message;
    });
    client.once('close', away);
    client.once('connect', () => {
      client.removeListener('close', away);
      resolve(client);
    });
  });
}

/** @returns the reply, or why it is none */
function readReply(payload: Buffer): OperatorReply | string {
  let json: unknown;
  try {
    json = JSON.parse(payload.toString());
  } catch {
    return 'not JSON';
  }
  const read = OperatorReply.safeParse(json);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  return `${issue?.code ?? 'invalid'} at ${issue?.path.map(String).join('.') ?? ''}`;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
