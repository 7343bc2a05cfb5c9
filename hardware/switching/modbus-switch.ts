/**
 * A channel of a relay board that is turned over Modbus RTU, as its profile says.
 */

import type { Bus, Turn } from '../bus/bus.ts';
import { HardwareError } from '../errors.ts';
import { RtuClient } from '../modbus/rtu-client.ts';
import type { ModbusRelayProfile } from './relay-profile.ts';
import type { Switch, SwitchState } from './switch.ts';

const tries = 3;

export interface ModbusChannel {
  readonly bus: Bus;
  readonly address: number;
  readonly profile: ModbusRelayProfile;
  readonly profileName: string;
  /** From 1, as printed on the board. */
  readonly channel: number;
  /** After so long without a word to it, the board turns its channels off; left out: its timer is not touched. */
  readonly safetyS?: number | undefined;
}

export class ModbusSwitch implements Switch {
  readonly #channel: ModbusChannel;
  readonly #client: RtuClient;
  /** The board loses its timer when it loses its power, which shows as an outage at most. */
  #isTimerSet = false;

  constructor(channel: ModbusChannel) {
    const { bus, address, profile, profileName } = channel;
    this.#channel = channel;
    const { name: meter, delivered } = profile;
    this.#client = new RtuClient({ meter, profile: profileName, port: bus.port, address, delivered });
  }

  set(on: boolean, signal: AbortSignal): Promise<SwitchState> {
    return this.#turn(signal, true, async (turn) => {
      await this.#setTimer(turn);
      await this.#write(turn, on);
      const state = await this.#read(turn);
      const asked = on ? 'on' : 'off';
      if (state === asked || state === 'unknown') return state;
      const { bus, address, profile, channel } = this.#channel;
      const place = { relay: profile.name, port: bus.port, address, channel };
      throw new HardwareError('SWITCH_NOT_DONE', { ...place, asked, state });
    });
  }

  state(signal: AbortSignal): Promise<SwitchState> {
    return this.#turn(signal, false, async (turn) => {
      await this.#setTimer(turn);
      return this.#read(turn);
    });
  }

  async #turn<T>(signal: AbortSignal, urgent: boolean, work: (turn: Turn) => Promise<T>): Promise<T> {
    const { bus, address } = this.#channel;
    try {
      return await bus.turn(`modbus ${address}`, signal, work, urgent);
    } catch (error) {
      this.#isTimerSet = false;
      throw error;
    }
  }

  #write(turn: Turn, on: boolean): Promise<void> {
    const { coil, register } = this.#channel.profile;
    if (register === undefined) return this.#client.writeCoil(turn, this.#at(coil ?? 0), on, tries);
    return this.#client.writeRegister(turn, this.#at(register.at), on ? register.on : register.off, tries);
  }

  async #read(turn: Turn): Promise<SwitchState> {
    const { coil, register } = this.#channel.profile;
    if (register === undefined) return (await this.#client.readCoil(turn, this.#at(coil ?? 0), tries)) ? 'on' : 'off';
    const says = await this.#word(turn, this.#at(register.at));
    return says === register.says.on ? 'on' : says === register.says.off ? 'off' : 'unknown';
  }

  /** Before anything is turned on that nobody may be there to turn off. */
  async #setTimer(turn: Turn): Promise<void> {
    const { profile, safetyS } = this.#channel;
    if (this.#isTimerSet || safetyS === undefined || profile.safetyTimer === undefined) return;
    const { at } = profile.safetyTimer;
    if ((await this.#word(turn, at)) !== safetyS) {
      await this.#client.writeRegister(turn, at, safetyS, tries);
      const found = await this.#word(turn, at);
      if (found !== safetyS) {
        const { bus, address } = this.#channel;
        throw new HardwareError('SWITCH_TIMER_NOT_SET', {
          relay: profile.name,
          port: bus.port,
          address,
          safetyS,
          found,
        });
      }
    }
    this.#isTimerSet = true;
  }

  async #word(turn: Turn, at: number): Promise<number> {
    return (await this.#client.read(turn, { kind: 'holding', at, count: 1 }, tries)).readUInt16BE();
  }

  #at(first: number): number {
    return first + this.#channel.channel - 1;
  }
}
