/**
 * A relay board without a wire: what it is told goes in, what it answers comes out. It remembers when its channels
 * turned, so that what hangs behind them draws by it.
 */

import { withCrc } from '../modbus/crc16.ts';
import type { ModbusRelayProfile, RelayProfile } from '../switching/relay-profile.ts';
import type { Utterance } from './faults.ts';

interface Turned {
  readonly at: number;
  readonly on: boolean;
}

const exceptions = { function: 1, address: 2, value: 3 };
const codes = { readCoils: 1, readHolding: 3, writeCoil: 5, writeRegister: 6 };

export class RelayBoard {
  readonly profile: RelayProfile;
  readonly #now: () => number;
  /** By channel, from 1. */
  readonly #turned = new Map<number, Turned[]>();
  #safetyS = 0;
  #heardAt: number;
  #lcus = Buffer.alloc(0);

  /**
   * @param on channels that are on at first
   * @param now milliseconds since 1970
   */
  constructor(profile: RelayProfile, on: readonly number[], now: () => number) {
    this.profile = profile;
    this.#now = now;
    this.#heardAt = now();
    for (const channel of on) this.#turned.set(channel, [{ at: Number.NEGATIVE_INFINITY, on: true }]);
  }

  isOn(channel: number, at = this.#now()): boolean {
    this.#runOut();
    return this.#turned.get(channel)?.findLast((turned) => turned.at <= at)?.on ?? false;
  }

  /** @returns when the channel turned after `from`, up to `to` */
  changes(channel: number, from: number, to: number): number[] {
    this.#runOut();
    return (this.#turned.get(channel) ?? []).filter(({ at }) => at > from && at <= to).map(({ at }) => at);
  }

  /** @param request a whole Modbus frame to this board, its check already made */
  answerTo(request: Buffer): Buffer | undefined {
    this.#hear();
    const { profile } = this;
    if (profile.protocol !== 'modbus') return undefined;
    const [code, at, value] = [request.readUInt8(1), request.readUInt16BE(2), request.readUInt16BE(4)];
    const answer = this.#carryOut(profile, code, at, value);
    const address = request.subarray(0, 1);
    if (answer === 'done') return request;
    if (typeof answer === 'string') return withCrc(Buffer.of(...address, code | 0x80, exceptions[answer]));
    return withCrc(Buffer.of(...address, code, answer.length, ...answer));
  }

  /** Bytes that came over the serial port of a board without addresses. */
  hear(bytes: Uint8Array): Utterance[] {
    this.#hear();
    this.#lcus = Buffer.concat([this.#lcus, bytes]);
    const said: Utterance[] = [];
    while (this.#lcus.length > 0) {
      const [start, channel = 0, value = 0, sum] = this.#lcus;
      if (start === 0xa0 && this.#lcus.length < 4) break;
      const isCommand = start === 0xa0 && sum === ((0xa0 + channel + value) & 0xff);
      if (isCommand) this.#turn(channel, value === 1);
      if (start === 0xff) said.push({ afterMs: 0, bytes: Buffer.from(this.#states(), 'latin1') });
      this.#lcus = this.#lcus.subarray(isCommand ? 4 : 1);
    }
    return said;
  }

  #carryOut(
    profile: ModbusRelayProfile,
    code: number,
    at: number,
    value: number,
  ): Uint8Array | 'done' | 'function' | 'address' | 'value' {
    const { coil, register, safetyTimer, channels } = profile;
    const channel = at - (coil ?? register?.at ?? 0) + 1;
    const isChannel = channel >= 1 && channel <= channels;
    if (code === codes.readHolding && at === safetyTimer?.at) return word(this.#safetyS);
    if (code === codes.writeRegister && at === safetyTimer?.at) {
      this.#safetyS = value;
      return 'done';
    }
    if (coil !== undefined && code === codes.readCoils) {
      return isChannel && channel + value - 1 <= channels ? this.#bits(channel, value) : 'address';
    }
    if (coil !== undefined && code === codes.writeCoil) {
      if (!isChannel) return 'address';
      return value === 0xff00 || value === 0 ? this.#turn(channel, value === 0xff00) : 'value';
    }
    if (register !== undefined && code === codes.readHolding) {
      if (!isChannel || value !== 1) return 'address';
      return word(this.isOn(channel) ? register.says.on : register.says.off);
    }
    if (register !== undefined && code === codes.writeRegister) {
      if (!isChannel) return 'address';
      return value === register.on || value === register.off ? this.#turn(channel, value === register.on) : 'value';
    }
    return 'function';
  }

  #turn(channel: number, on: boolean): 'done' {
    if (channel <= this.profile.channels && this.isOn(channel) !== on) {
      this.#turned.set(channel, [...(this.#turned.get(channel) ?? []), { at: this.#now(), on }]);
    }
    return 'done';
  }

  #bits(first: number, count: number): Uint8Array {
    const bytes = new Uint8Array(Math.ceil(count / 8));
    for (let index = 0; index < count; index++) {
      if (this.isOn(first + index)) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
    }
    return bytes;
  }

  #states(): string {
    const channels = Array.from({ length: this.profile.channels }, (_, index) => index + 1);
    return channels.map((channel) => `CH${channel}: ${this.isOn(channel) ? 'ON' : 'OFF'}\r\n`).join('');
  }

  #hear(): void {
    this.#runOut();
    this.#heardAt = this.#now();
  }

  /** Nobody spoke to it for longer than its timer: all channels went off when it ran out. */
  #runOut(): void {
    const at = this.#heardAt + this.#safetyS * 1000;
    if (this.#safetyS === 0 || at > this.#now()) return;
    for (const turned of this.#turned.values()) if (turned.at(-1)?.on) turned.push({ at, on: false });
  }
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
