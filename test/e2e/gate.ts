/**
 * A gate between homes and their broker: everybody connects to it, and of one home it can stop a packet, on its way to
 * either side, before anybody has it. What happens then is the test's to say: mostly that the home is killed.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Packet, parser } from 'mqtt-packet';

/** To or from a home: messages by the last level but one or the last of their topic; the broker's word that it has one. */
export type Point =
  | 'an announcement comes'
  | 'a roster comes'
  | 'its report leaves'
  | 'its report is acknowledged'
  | 'an open request comes'
  | 'its answer leaves'
  | 'its answer is acknowledged'
  | 'a result comes';

interface Stop {
  readonly home: string;
  readonly at: Point;
  readonly reached: () => void;
}

export class Gate {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;
  readonly #stops: Set<Stop>;

  private constructor(port: number, server: Server, sockets: Set<Socket>, stops: Set<Stop>) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
    this.#stops = stops;
  }

  static async open(brokerPort: number): Promise<Gate> {
    const sockets = new Set<Socket>();
    const stops = new Set<Stop>();
    const server = createServer((near) => {
      const far = connect(brokerPort, '127.0.0.1');
      pass(near, far, stops);
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    return new Gate(address.port, server, sockets, stops);
  }

  /** Resolves once the home has come to that point; `reached` is called before anything else of it passes. */
  stop(home: string, at: Point, reached: () => void): Promise<void> {
    return new Promise((resolve) => {
      const stop: Stop = {
        ...{ home, at },
        reached: () => {
          this.#stops.delete(stop);
          reached();
          resolve();
        },
      };
      this.#stops.add(stop);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function pass(near: Socket, far: Socket, stops: ReadonlySet<Stop>): void {
  let home = '';
  /** What the broker has yet to acknowledge. */
  const sent = new Map<number, string>();
  const forward = (to: Socket, pointOf: (packet: Packet) => Point | undefined) => {
    const frames = framer();
    return (bytes: Buffer) => {
      for (const frame of frames(bytes)) {
        const point = pointOf(read(frame));
        const stop = [...stops].find((one) => one.home === home && one.at === point);
        if (stop === undefined) to.write(frame);
        else {
          near.destroy();
          far.destroy();
          stop.reached();
        }
        if (to.destroyed) return;
      }
    };
  };
  near.on(
    'data',
    forward(far, (packet) => {
      if (packet.cmd === 'connect') home = packet.clientId;
      if (packet.cmd !== 'publish') return undefined;
      const what = packet.topic.split('/').at(-1);
      if (what !== 'report' && what !== 'answer') return undefined;
      sent.set(packet.messageId ?? 0, what);
      return `its ${what} leaves`;
    }),
  );
  far.on(
    'data',
    forward(near, (packet) => {
      if (packet.cmd === 'puback') {
        const what = sent.get(packet.messageId ?? 0);
        return what === 'report' || what === 'answer' ? `its ${what} is acknowledged` : undefined;
      }
      if (packet.cmd !== 'publish' || packet.payload.length === 0) return undefined;
      const levels = packet.topic.split('/');
      if (levels.at(-1) === 'open') return 'an open request comes';
      if (levels.at(-2) === 'rounds') return 'an announcement comes';
      if (levels.at(-2) === 'rosters') return 'a roster comes';
      return levels.at(-2) === 'results' ? 'a result comes' : undefined;
    }),
  );
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}

/** Packets whole, however the bytes come (MQTT 3.1.1, 2.2). */
function framer(): (bytes: Buffer) => Buffer[] {
  let kept = Buffer.alloc(0);
  return (bytes) => {
    kept = Buffer.concat([kept, bytes]);
    const frames: Buffer[] = [];
    for (;;) {
      const end = endOf(kept);
      if (end === undefined || end > kept.length) return frames;
      frames.push(kept.subarray(0, end));
      kept = kept.subarray(end);
    }
  };
}

function endOf(bytes: Buffer): number | undefined {
  let length = 0;
  for (let at = 1; at < Math.min(bytes.length, 5); at += 1) {
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * 128 ** (at - 1);
    if ((byte & 0x80) === 0) return at + 1 + length;
  }
  return undefined;
}

function read(frame: Buffer): Packet {
  const packets: Packet[] = [];
  const reading = parser();
  reading.on('packet', (packet: Packet) => packets.push(packet));
  reading.parse(frame);
  return packets[0] as Packet;
}
