/**
 * Bounds the size of incoming MQTT packets: aedes itself would buffer any of them.
 */
import type { Socket } from 'node:net';
import { longestMessage } from '../protocol/cbor.ts';
import { packetFollower } from '../protocol/packet-follower.ts';
import { longestHomePacket } from '../protocol/sizes.ts';

/** Bytes a packet may have after its fixed header. */
export const packetLimits = {
  /** CONNECT, from anyone: enough for an id, credentials and a will. */
  first: 4096,
  home: longestHomePacket,
  /** A message of any kind, its topic included. */
  coordinator: longestMessage + 1024,
} as const;

/**
 * Closes the socket at the header of a packet that is too large, before its body is buffered.
 * @param limitOf the bytes allowed; asked anew for each packet, since the role is known only after CONNECT
 */
export function guardSocket(
  socket: Socket,
  limitOf: (first: boolean) => number,
  onRefused: (why: string) => void,
): void {
  const follow = packetFollower(limitOf);
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    const wrong = chunk instanceof Uint8Array ? follow(chunk) : undefined;
    if (wrong === undefined) return chunk;
    onRefused(wrong);
    socket.destroy();
    return null;
  };
}
