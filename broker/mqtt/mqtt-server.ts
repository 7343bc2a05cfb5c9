/**
 * The embedded MQTT 3.1.1 broker: aedes, with every setting and guard it needs among strangers.
 * It keeps nothing that anyone relies on.
 */
import { randomBytes } from 'node:crypto';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import { Aedes, type Client } from 'aedes';
import type { Logger } from 'pino';
import { BrokerError } from '../errors.ts';
import { WarningLimit } from '../warning-limit.ts';
import { admission, coordinatorIds, isCoordinator } from './admission.ts';
import { guardSocket, packetLimits } from './packet-guard.ts';

export interface MqttServer {
  readonly host: string;
  readonly port: number;
  /** For the coordinator's link to this server. */
  readonly coordinatorPassword: string;
  close(): Promise<void>;
}

export interface MqttServerOptions {
  readonly listen: { readonly host: string; readonly port: number; readonly insecure: boolean };
  readonly prefix: string;
  readonly log: Logger;
  readonly connectTimeoutMs?: number;
  /** How long a subscriber may leave what it is sent unread. */
  readonly drainTimeoutMs?: number;
  /** Sockets of one address that have not connected yet. */
  readonly mostPending?: number;
}

const settings = {
  // With the default of 100, one subscriber that stops reading stops everybody.
  concurrency: 0,
  maxTopicLevels: 16,
} as const;
/** Any keepalive is a home's right, also none [MQTT-3.1.2-24]: who is gone without a word is asked for by TCP. */
const silentSocketMs = 60_000;
const defaultDrainTimeoutMs = 5_000;
const defaultConnectTimeoutMs = 10_000;
const defaultMostPending = 500;

/** @throws {BrokerError} LISTEN_NOT_LOOPBACK, LISTEN_FAILED */
export async function startMqttServer(options: MqttServerOptions): Promise<MqttServer> {
  const { listen, log } = options;
  if (!listen.insecure && !isLoopback(listen.host)) throw new BrokerError('LISTEN_NOT_LOOPBACK', { host: listen.host });
  const coordinatorPassword = randomBytes(24).toString('base64url');
  const aedes = await Aedes.createBroker({
    ...settings,
    drainTimeout: options.drainTimeoutMs ?? defaultDrainTimeoutMs,
    connectTimeout: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    ...admission(options.prefix, coordinatorPassword),
  });
  waitForNobody(aedes);
  logConnections(aedes, log);
  const server = createServer({ noDelay: true }, acceptor(aedes, options));
  try {
    await listening(server, listen.host, listen.port);
  } catch (error) {
    await closed(aedes);
    throw error;
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : listen.port;
  return {
    host: listen.host,
    port,
    coordinatorPassword,
    async close() {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      await closed(aedes);
      await stopped;
    },
  };
}

/** Takes new sockets into the broker, behind the size guard, as long as their address has not too many pending. */
function acceptor(
  aedes: Aedes,
  { log, mostPending = defaultMostPending }: MqttServerOptions,
): (socket: Socket) => void {
  const pending = new Map<string, Set<Socket>>();
  // Who they say they are proves nothing: all together.
  const limit = new WarningLimit({ log, isKnown: () => false });
  const settle = (socket: Socket, address: string) => {
    const sockets = pending.get(address);
    sockets?.delete(socket);
    if (sockets?.size === 0) pending.delete(address);
  };
  return (socket) => {
    const address = socket.remoteAddress ?? '';
    const sockets = pending.get(address) ?? new Set();
    if (sockets.size >= mostPending) {
      socket.destroy();
      return;
    }
    pending.set(address, sockets.add(socket));
    socket.setKeepAlive(true, silentSocketMs);
    socket.once('close', () => settle(socket, address));
    let client: Client | undefined;
    // By the role, not by "connected": that turns true only after CONNACK is written, when a report may be under way.
    const limitOf = (first: boolean) => {
      if (first) return packetLimits.first;
      return isCoordinator(client?.id ?? null) ? packetLimits.coordinator : packetLimits.home;
    };
    guardSocket(socket, limitOf, (why) => {
      const id = client?.id ?? null;
      limit.warn(id ?? '', { client: id, why }, 'closed: packet too large');
    });
    client = aedes.handle(socket);
    client.on('connected', () => settle(socket, address));
  };
}

/** As far as aedes hands messages to subscribers by it. */
interface Emitter {
  emit(packet: { readonly clientId?: string }, done: () => void): unknown;
}

/**
 * aedes reads on from a client once all its subscribers have taken what it sent: a home that does not read would hold up
 * what the coordinator has for all others. What it leaves unread is in memory as retained anyhow, until it is thrown out.
 */
function waitForNobody(aedes: Aedes): void {
  const { mq } = aedes as unknown as { readonly mq: Emitter };
  const emit = mq.emit.bind(mq);
  mq.emit = (packet, done) => {
    if (packet.clientId !== coordinatorIds.sending) return emit(packet, done);
    setImmediate(done);
    return emit(packet, () => undefined);
  };
}

function logConnections(aedes: Aedes, log: Logger): void {
  aedes.on('clientReady', (client) => log.debug({ client: client.id }, 'connected'));
  aedes.on('clientDisconnect', (client) => log.debug({ client: client.id }, 'disconnected'));
  aedes.on('clientError', (client, error) => log.debug({ client: client.id, why: error.message }, 'connection lost'));
  aedes.on('connectionError', (_, error) => log.debug({ why: error.message }, 'connection refused'));
  (aedes as NodeJS.EventEmitter).on('error', (error: Error) => log.error({ why: error.message }, 'MQTT broker'));
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new BrokerError('LISTEN_FAILED', { host, port, why: error.message }, { cause: error }));
    });
    server.listen({ host, port }, resolve);
  });
}

const closed = (aedes: Aedes): Promise<void> => new Promise((resolve) => aedes.close(() => resolve()));
