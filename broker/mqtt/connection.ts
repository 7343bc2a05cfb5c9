/**
 * One MQTT connection that is made anew whenever it is lost: a new client each time, subscribed anew each time.
 */
import { connect as connectTcp } from 'node:net';
import { MqttClient } from 'mqtt';
import type { Logger } from 'pino';
import { nextDelayMs } from '../protocol/backoff.ts';
import type { MqttServer } from './mqtt-server.ts';

export interface Connection {
  start(): void;
  /** True from the last SUBACK on until the connection is lost. */
  ready(): boolean;
  /** Now and at every later connect. */
  subscribe(filter: string): void;
  /** Subscribes for as long as it takes to get what is retained there. */
  recall(topic: string): void;
  /** Resolves to true at PUBACK, to false when there is no connection or it is lost. */
  publish(topic: string, payload: Uint8Array | string, retain: boolean): Promise<boolean>;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  readonly server: Pick<MqttServer, 'host' | 'port' | 'coordinatorPassword'>;
  readonly clientId: string;
  readonly clean: boolean;
  readonly log: Logger;
  onReady(): void;
  onMessage(topic: string, payload: Uint8Array): void;
}

export function connection(options: ConnectionOptions): Connection {
  return new RenewedConnection(options);
}

class RenewedConnection implements Connection {
  readonly #options: ConnectionOptions;
  readonly #filters = new Set<string>();
  #client: MqttClient | undefined;
  #ready = false;
  #attempt = 0;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    const { server, clientId, clean } = this.#options;
    const { host, port } = server;
    // A queued publish of a reconnected client was seen not to be sent: hence no reconnecting, and no queue.
    // Not by `connect`, which loads web sockets and proxies.
    const client = new MqttClient(() => connectTcp({ host, port }), {
      clientId,
      username: clientId,
      password: server.coordinatorPassword,
      clean,
      protocolVersion: 4,
      reconnectPeriod: 0,
      resubscribe: false,
      connectTimeout: 10_000,
    });
    this.#client = client;
    client.on('connect', () => void this.#subscribeAll(client));
    client.on('message', (topic, payload) => this.#options.onMessage(topic, payload));
    client.on('error', (error) => this.#options.log.debug({ clientId, why: error.message }, 'coordinator link'));
    client.once('close', () => this.#lost(client));
  }

  ready(): boolean {
    return this.#ready;
  }

  subscribe(filter: string): void {
    if (this.#filters.has(filter)) return;
    this.#filters.add(filter);
    if (this.#ready && this.#client !== undefined) void this.#subscribeOne(this.#client, filter);
  }

  recall(topic: string): void {
    const client = this.#client;
    // Without a connection the next one brings all retained messages anyhow.
    if (!this.#ready || client === undefined) return;
    void this.#subscribeOne(client, topic).then((connected) => {
      if (connected) client.unsubscribe(topic);
    });
  }

  async publish(topic: string, payload: Uint8Array | string, retain: boolean): Promise<boolean> {
    if (!this.#ready || this.#client === undefined) return false;
    try {
      await this.#client.publishAsync(topic, asBuffer(payload), { qos: 1, retain });
      return true;
    } catch (error) {
      this.#options.log.debug({ topic, why: reasonOf(error) }, 'not published: connection lost');
      return false;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ready = false;
    clearTimeout(this.#retry);
    await this.#client?.endAsync(true);
  }

  /** One by one: a refusal of one must not undo the others. */
  async #subscribeAll(client: MqttClient): Promise<void> {
    // A Set's loop also comes by what is added while the earlier ones are under way.
    for (const filter of this.#filters) {
      if (!(await this.#subscribeOne(client, filter))) return;
    }
    if (client !== this.#client || this.#closed) return;
    this.#ready = true;
    this.#attempt = 0;
    this.#options.onReady();
  }

  /** @returns false when the connection was lost meanwhile */
  async #subscribeOne(client: MqttClient, filter: string): Promise<boolean> {
    try {
      await client.subscribeAsync(filter, { qos: 1 });
    } catch (error) {
      this.#options.log.error({ filter, why: reasonOf(error) }, 'not subscribed');
    }
    return client.connected;
  }

  #lost(client: MqttClient): void {
    client.end(true);
    if (client !== this.#client || this.#closed) return;
    this.#ready = false;
    if (this.#attempt === 0) this.#options.log.warn('the coordinator lost its connection; trying again');
    const waitMs = nextDelayMs(this.#attempt++, Math.random());
    this.#retry = setTimeout(() => this.start(), waitMs);
  }
}

const asBuffer = (payload: Uint8Array | string): Buffer | string =>
  typeof payload === 'string' ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
