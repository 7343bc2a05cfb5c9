/**
 * Ends a connection whose peer sends a packet larger than any message: the MQTT client would gather it all in memory.
 */
import type { Socket } from 'node:net';
import { packetFollower } from '../broker/protocol/packet-follower.ts';

/** Call before anything else reads from the socket. */
export function guardPackets(socket: Socket, longestPacket: number): void {
  const follow = packetFollower(() => longestPacket);
  socket.on('data', (chunk: Uint8Array) => {
    const wrong = follow(chunk);
    if (wrong !== undefined) socket.destroy(new Error(`the broker sent ${wrong}`));
  });
}
