/**
 * Who may connect, and what may be published or subscribed to at all: shapes and sizes.
 * Which home may touch which topic is not decided here.
 */
import { timingSafeEqual } from 'node:crypto';
import type { AedesOptions, ConnectPacket, PublishPacket } from 'aedes';
import { readTopic, topicOf, topics } from '../protocol/topics.ts';

/** The coordinator's two connections; nobody else knows their password. */
export const coordinatorIds = { receiving: 'coordinator', sending: 'coordinator_out' } as const;

export const isCoordinator = (clientId: string | null): boolean =>
  clientId === coordinatorIds.receiving || clientId === coordinatorIds.sending;

/** One topic level, no wildcard. What homes are called (lower case) and what foreign MQTT tools call themselves. */
const clientIdPattern = /^[A-Za-z0-9_-]{1,64}$/;
const longestWill = 256;

type Admission = Required<
  Pick<AedesOptions, 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe'>
>;

/** @param coordinatorPassword made anew at each start, handed to the coordinator's own link only */
export function admission(prefix: string, coordinatorPassword: string): Admission {
  const secret = Buffer.from(coordinatorPassword);
  return {
    preConnect(_, packet, done) {
      const why = connectRefusal(prefix, packet);
      // Without an error aedes would leave the socket open for ever.
      done(why === undefined ? null : new Error(why), why === undefined);
    },
    authenticate(client, _, password, done) {
      const given = password ?? Buffer.alloc(0);
      const known = given.length === secret.length && timingSafeEqual(given, secret);
      done(null, !isCoordinator(client.id) || known);
    },
    authorizePublish(client, packet, done) {
      // Without a client it is the will of a home that never came back after a restart: checked when it
      // connected, and refusing it here would end the process.
      const why = client === null ? undefined : publishRefusal(prefix, packet);
      done(why === undefined ? null : new Error(why));
    },
    authorizeSubscribe(_, subscription, done) {
      // null: answered by SUBACK 0x80, the connection stays.
      done(null, subscription.topic.startsWith('$') ? null : subscription);
    },
  };
}

function connectRefusal(prefix: string, packet: ConnectPacket): string | undefined {
  const id = packet.clientId;
  // Clients without an id are known for one connection only; a kept session would never be found again.
  if (id === '') return packet.clean === true ? willRefusal(prefix, packet) : 'a session without client id';
  return clientIdPattern.test(id) ? willRefusal(prefix, packet) : 'client id of another form';
}

function willRefusal(prefix: string, { clientId, will }: ConnectPacket): string | undefined {
  if (will === undefined) return undefined;
  if (will.topic !== topicOf(prefix, 'status', { home: clientId }))
    return 'a will on another topic than the own status';
  return will.payload.length > longestWill ? 'a will that is too large' : undefined;
}

function publishRefusal(prefix: string, packet: PublishPacket): string | undefined {
  const received = readTopic(prefix, packet.topic);
  if (received === undefined) return 'a topic that is none of ours';
  // Retained messages stay in memory: only where the protocol has state to keep.
  if (packet.retain && !topics[received.name].retained) return 'retained where nothing is kept';
  return undefined;
}
