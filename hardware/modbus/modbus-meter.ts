/**
 * A meter that is read over Modbus RTU, as its profile says.
 */

import type { Bus, Turn } from '../bus/bus.ts';
import { HardwareError } from '../errors.ts';
import type { Device, Measured } from '../meter.ts';
import type { ModbusProfile, Register } from '../profiles/profile.ts';
import { unitOf } from '../quantity.ts';
import { planReads } from './read-plan.ts';
import { decodeRegisters, registersOf } from './register.ts';
import { type Block, type Party, RtuClient } from './rtu-client.ts';

const tries = 3;

export interface ModbusDevice {
  readonly bus: Bus;
  readonly address: number;
  readonly profile: ModbusProfile;
  readonly profileName: string;
  /** The serial number that it must have, if the profile knows where it is kept. */
  readonly serial?: string | undefined;
}

export class ModbusMeter implements Device {
  readonly #device: ModbusDevice;
  readonly #party: Party;
  readonly #client: RtuClient;
  readonly #blocks: readonly Block[];
  /** A device that did not answer last time gets one try, so that it does not eat its neighbours' time. */
  #tries = tries;
  #known = false;

  constructor(device: ModbusDevice) {
    const { bus, address, profile, profileName } = device;
    this.#device = device;
    this.#party = { meter: profile.name, profile: profileName, port: bus.port, address, delivered: profile.delivered };
    this.#client = new RtuClient(this.#party);
    this.#blocks = planReads(profile.registers, profile.reading);
  }

  read(signal: AbortSignal): Promise<Measured[]> {
    return this.#turn(signal, async (turn) => {
      await this.#checkSerial(turn);
      const answers: Answer[] = [];
      for (const block of this.#blocks) {
        answers.push({ block, bytes: await this.#client.read(turn, block, this.#tries) });
      }
      return this.#device.profile.registers.flatMap((register) => measuredIn(register, answers));
    });
  }

  serialNumber(signal: AbortSignal): Promise<string | undefined> {
    return this.#turn(signal, (turn) => this.#readSerial(turn));
  }

  async #turn<T>(signal: AbortSignal, work: (turn: Turn) => Promise<T>): Promise<T> {
    try {
      const result = await this.#device.bus.turn(`modbus ${this.#device.address}`, signal, work);
      this.#tries = tries;
      return result;
    } catch (error) {
      this.#tries = error instanceof HardwareError && error.code === 'METER_NO_ANSWER' ? 1 : tries;
      // While it was away it may have become another one.
      this.#known = false;
      throw error;
    }
  }

  async #checkSerial(turn: Turn): Promise<void> {
    const { serial } = this.#device;
    if (this.#known || serial === undefined) return;
    const found = await this.#readSerial(turn);
    if (found !== undefined && found !== serial) {
      throw new HardwareError('METER_REPLACED', { ...this.#party, found, expected: serial });
    }
    this.#known = true;
  }

  async #readSerial(turn: Turn): Promise<string | undefined> {
    const place = this.#device.profile.serialNumber;
    if (place === undefined) return undefined;
    const block = { kind: place.kind, at: place.at, count: registersOf(place.type) };
    const bytes = await this.#client.read(turn, block, this.#tries);
    const value = decodeRegisters(bytes, { ...place, scale: 1 });
    return value === undefined ? undefined : String(value);
  }
}

interface Answer {
  readonly block: Block;
  readonly bytes: Buffer;
}

function measuredIn(register: Register, answers: readonly Answer[]): Measured[] {
  const { quantity, kind, at } = register;
  const end = at + registersOf(register.type);
  const answer = answers.find(({ block }) => block.kind === kind && block.at <= at && end <= block.at + block.count);
  if (answer === undefined) throw new Error(`the reading plan lacks ${quantity}`);
  const offset = 2 * (at - answer.block.at);
  const value = decodeRegisters(answer.bytes.subarray(offset, offset + 2 * registersOf(register.type)), register);
  return value === undefined ? [] : [{ quantity, unit: unitOf(quantity), value }];
}
