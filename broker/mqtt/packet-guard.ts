/**
 * Bounds the size of incoming MQTT packets by following their fixed headers: aedes itself would buffer any of them.
 */
import type { Socket } from 'node:net';
import { longestMessage } from '../protocol/cbor.ts';
import { longestHomePacket } from '../protocol/sizes.ts';

/** Bytes a packet may have after its fixed header. */
export const packetLimits = {
  /** CONNECT, from anyone: enough for an id, credentials and a will. */
  first: 4096,
  home: longestHomePacket,
  /** A message of any kind, its topic included. */
  coordinator: longestMessage + 1024,
} as const;

/** Follows a stream of MQTT packets, however it is cut into chunks. */
export class PacketFollower {
  readonly #limitOf: (first: boolean) => number;
  #first = true;
  /** Bytes of the current packet's body still to come. */
  #body = 0;
  /** Undefined between packets; else what the length bytes so far say, and how many they were. */
  #length: { value: number; bytes: number } | undefined;

  constructor(limitOf: (first: boolean) => number) {
    this.#limitOf = limitOf;
  }

  /** @returns false once a header announces more than is allowed, or is none */
  accepts(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body > 0) {
        const step = Math.min(this.#body, chunk.length - at);
        this.#body -= step;
        at += step;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (this.#length === undefined) this.#length = { value: 0, bytes: 0 };
      else if (!this.#lengthByte(this.#length, byte)) return false;
    }
    return true;
  }

  #lengthByte(length: { value: number; bytes: number }, byte: number): boolean {
    length.value += (byte & 127) * 128 ** length.bytes++;
    // Refused as soon as it is known, not only when the last length byte is there.
    if (length.value > this.#limitOf(this.#first)) return false;
    // [MQTT-2.2.3] at most four
    if (byte & 128) return length.bytes < 4;
    this.#body = length.value;
    this.#length = undefined;
    this.#first = false;
    return true;
  }
}

/**
 * Closes the socket at the header of a packet that is too large, before its body is buffered.
 * @param limitOf the bytes allowed; asked anew for each packet, since the role is known only after CONNECT
 */
export function guardSocket(socket: Socket, limitOf: (first: boolean) => number, onRefused: () => void): void {
  const follower = new PacketFollower(limitOf);
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (!(chunk instanceof Uint8Array) || follower.accepts(chunk)) return chunk;
    onRefused();
    socket.destroy();
    return null;
  };
}
