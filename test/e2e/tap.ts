/** A wire tap: everybody connects to it instead of the broker, and every byte that passes is kept. */
import { connect, createServer, type Socket } from 'node:net';
import { type Packet, parser } from 'mqtt-packet';

export interface Tap {
  readonly port: number;
  /** All that went from the connected to the broker, connection by connection. */
  sent(): readonly Buffer[];
  /** The messages among it. */
  published(): readonly { topic: string; payload: Buffer }[];
  close(): Promise<void>;
}

export async function tapWire(brokerPort: number): Promise<Tap> {
  const connections: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const heard: Buffer[] = [];
    connections.push(heard);
    const far = connect(brokerPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    near.on('data', (bytes: Buffer) => heard.push(bytes));
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  const sent = () => connections.map((parts) => Buffer.concat(parts));
  return {
    port: address.port,
    sent,
    published: () => sent().flatMap(messagesOf),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function messagesOf(bytes: Buffer): { topic: string; payload: Buffer }[] {
  const messages: { topic: string; payload: Buffer }[] = [];
  const packets = parser();
  packets.on('packet', (packet: Packet) => {
    if (packet.cmd === 'publish') messages.push({ topic: packet.topic, payload: Buffer.from(packet.payload) });
  });
  packets.parse(bytes);
  return messages;
}
