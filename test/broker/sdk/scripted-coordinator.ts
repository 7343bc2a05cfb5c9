/**
 * A real MQTT broker on the loopback, and a coordinator that answers by script: for tests of what operators send.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync, type MqttClient } from 'mqtt';
import { defaultPrefix } from '../../../broker/protocol/default-prefix.ts';
import { filterOf, readTopic, topicOf } from '../../../broker/protocol/topics.ts';

export interface Asked {
  readonly id: string;
  readonly body: Record<string, unknown>;
}
type Script = (asked: Asked, reply: (body: unknown) => Promise<void>) => void | Promise<void>;

export class ScriptedCoordinator {
  readonly asked: Asked[] = [];
  readonly prefix: string;
  /** What it does on a request; nothing at first. */
  script: Script = () => undefined;
  #server: Server | undefined;
  #aedes: Aedes | undefined;
  #client: MqttClient | undefined;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor(prefix = defaultPrefix) {
    this.prefix = prefix;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  /** On the same port as before, if it has run before. */
  async start(): Promise<this> {
    const aedes = await Aedes.createBroker();
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    const address = server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
    [this.#aedes, this.#server] = [aedes, server];
    const client = await connectAsync(this.url, { clientId: 'coordinator', reconnectPeriod: 0 });
    client.on('error', () => undefined);
    client.on('message', (topic, payload) => this.#hear(client, topic, payload));
    await client.subscribeAsync(filterOf(this.prefix, 'operatorRequest'), { qos: 1 });
    this.#client = client;
    return this;
  }

  /** Cuts every connection but its own. */
  cut(): void {
    for (const socket of this.#sockets) if (socket !== this.#first()) socket.destroy();
  }

  async stop(): Promise<void> {
    await this.#client?.endAsync(true);
    await new Promise<void>((resolve) => this.#aedes?.close(resolve) ?? resolve());
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server?.close(() => resolve()) ?? resolve());
    this.#server = undefined;
  }

  /** Sends bytes that may be no reply at all. */
  async send(id: string, payload: string): Promise<void> {
    await this.#client?.publishAsync(topicOf(this.prefix, 'operatorReply', { request: id }), payload, { qos: 1 });
  }

  #first(): Socket | undefined {
    return this.#sockets.values().next().value;
  }

  #hear(client: MqttClient, topic: string, payload: Buffer): void {
    const received = readTopic(this.prefix, topic);
    if (received?.name !== 'operatorRequest' || client !== this.#client) return;
    const id = received.levels.request;
    const asked = { id, body: JSON.parse(payload.toString()) as Record<string, unknown> };
    this.asked.push(asked);
    const reply = (body: unknown) => this.send(id, JSON.stringify({ v: 1, request: id, ...(body as object) }));
    Promise.resolve(this.script(asked, reply)).catch((error: unknown) => {
      throw error;
    });
  }
}
