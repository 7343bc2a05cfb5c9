/** A real MQTT broker on the loopback that can go away and come back on its port, with a client to look at it. */
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync, type MqttClient } from 'mqtt';

export class MadeBroker {
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  /** Of the one time it was free; kept for coming back. */
  port = 0;
  /** Client ids, in the order they connected. */
  readonly connected: string[] = [];

  async start(): Promise<void> {
    const aedes = await Aedes.createBroker({ concurrency: 0 });
    aedes.on('client', ({ id }) => void this.connected.push(id));
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    this.port = address.port;
    this.#aedes = aedes;
    this.#server = server;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Ends every connection at once, as a power cut does. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
    await new Promise<void>((resolve) => (this.#aedes ? this.#aedes.close(resolve) : resolve()));
  }
}

export interface Seen {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retained: boolean;
}

/** A client that hears everything, and can say anything. */
export async function watch(url: string, id: string): Promise<{ client: MqttClient; seen: Seen[] }> {
  const client = await connectAsync(url, { clientId: id, reconnectPeriod: 0 });
  const seen: Seen[] = [];
  client.on('message', (topic, payload, { retain }) => void seen.push({ topic, payload, retained: retain }));
  await client.subscribeAsync('#', { qos: 1 });
  return { client, seen };
}
