/**
 * A meter that is read over Modbus, as its profile says.
 */

import type { Bus, Turn } from '../bus/bus.ts';
import { HardwareError } from '../errors.ts';
import type { Device, Measured } from '../meter.ts';
import type { ModbusProfile, Register } from '../profiles/modbus-profile.ts';
import { type Quantity, unitOf } from '../quantity.ts';
import { BackOff } from './back-off.ts';
import { DevicePlan } from './device-plan.ts';
import { blockOf, decodeIdentity } from './identity.ts';
import { modulusOf } from './modulus.ts';
import { lineTimeAt } from './read-plan.ts';
import { type Answer, Reader } from './register-reader.ts';
import { type Party, RtuClient } from './rtu-client.ts';

const illegalAddress = 2;
const asItsManualSays = 'see its manual';

export interface ModbusDevice {
  readonly bus: Bus;
  readonly address: number;
  readonly profile: ModbusProfile;
  readonly profileName: string;
  /** The serial number that it must have, if the profile knows where it is kept. */
  readonly serial?: string | undefined;
  /** These two come before what the profile and the bus say. */
  readonly timeoutMs?: number | undefined;
  readonly tries?: number | undefined;
  /** Told once of each thing that is not as the profile says, and yet no reason not to read. */
  readonly remark?: ((remark: HardwareError) => void) | undefined;
}

export class ModbusMeter implements Device {
  readonly moduli: Readonly<Partial<Record<Quantity, number>>>;
  readonly #device: ModbusDevice;
  readonly #party: Party;
  readonly #client: RtuClient;
  readonly #plan: DevicePlan;
  readonly #reader: Reader;
  readonly #backOff = new BackOff();
  #lastFailure: unknown;
  #known = false;
  #modelSaid = false;

  constructor(device: ModbusDevice) {
    const { bus, address, profile, profileName } = device;
    const timeoutMs = device.timeoutMs ?? Math.max(profile.reading.timeoutMs ?? 0, bus.timeoutMs);
    bus.admit(timeoutMs);
    this.#device = device;
    this.#party = {
      meter: profile.name,
      profile: profileName,
      port: bus.port,
      address,
      delivered: profile.delivered ?? asItsManualSays,
    };
    this.#client = new RtuClient(this.#party, timeoutMs);
    this.#plan = new DevicePlan(profile, lineTimeAt(bus.charMs));
    this.#reader = new Reader(this.#party, (remark) => device.remark?.(remark));
    this.moduli = Object.fromEntries(profile.registers.flatMap((register) => modulusOf(register)));
  }

  read(signal: AbortSignal): Promise<Measured[]> {
    return this.#turn(signal, async (turn) => {
      await this.#checkSerial(turn);
      await this.#checkModel(turn);
      const answers = await this.#readAll(turn);
      return this.#plan.registers.flatMap((register) => {
        const value = this.#reader.valueIn(register, answers);
        return value === undefined ? [] : [{ quantity: register.quantity, unit: unitOf(register.quantity), value }];
      });
    });
  }

  /** The registers as they came, for whoever wants to see how a profile reads them. @throws as `read` */
  readRaw(signal: AbortSignal): Promise<{ readonly register: Register; readonly bytes: Buffer }[]> {
    return this.#turn(signal, async (turn) => {
      const answers = await this.#readAll(turn);
      return this.#plan.registers.map((register) => ({ register, bytes: this.#reader.bytesOf(register, answers) }));
    });
  }

  serialNumber(signal: AbortSignal): Promise<string | undefined> {
    return this.#turn(signal, (turn) => this.#readSerial(turn));
  }

  async #readAll(turn: Turn): Promise<Answer[]> {
    for (;;) {
      const answers: Answer[] = [];
      const refused = await this.#readBlocks(turn, answers);
      if (!refused) return answers;
    }
  }

  /** @returns whether the device has refused one and the plan was changed */
  async #readBlocks(turn: Turn, answers: Answer[]): Promise<boolean> {
    for (const block of this.#plan.blocks) {
      try {
        answers.push({ block, bytes: await this.#client.read(turn, block, this.#tries()) });
      } catch (error) {
        const gone = isIllegalAddress(error) ? this.#plan.refused(block) : undefined;
        if (gone === undefined) throw error;
        for (const { quantity } of gone) {
          this.#device.remark?.(new HardwareError('REGISTER_ABSENT', { ...this.#party, quantity }));
        }
        return true;
      }
    }
    return false;
  }

  async #turn<T>(signal: AbortSignal, work: (turn: Turn) => Promise<T>): Promise<T> {
    // The last failure holds until the device is asked again.
    if (!this.#backOff.isOver(performance.now())) throw this.#lastFailure;
    let startedAt = performance.now();
    try {
      const result = await this.#device.bus.turn(`modbus ${this.#device.address}`, signal, (turn) => {
        startedAt = performance.now();
        return work(turn);
      });
      this.#backOff.answered();
      return result;
    } catch (error) {
      this.#fail(error, performance.now() - startedAt);
      throw error;
    }
  }

  #fail(error: unknown, tookMs: number): void {
    // While it was away it may have become another one.
    this.#known = false;
    if (!(error instanceof HardwareError) || error.code !== 'METER_NO_ANSWER') {
      this.#backOff.answered();
      return;
    }
    this.#lastFailure = error;
    // After the last try the line is kept quiet for as long as an answer may take.
    this.#backOff.failed(performance.now(), tookMs + this.#device.bus.timeoutMs);
  }

  /** A device that did not answer last time gets one try, so that it does not eat its neighbours' time. */
  #tries(): number {
    return this.#backOff.failures > 0 ? 1 : (this.#device.tries ?? this.#device.profile.reading.tries);
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
    try {
      return decodeIdentity(await this.#client.read(turn, blockOf(place), this.#tries()), place);
    } catch (error) {
      // It has none where its profile thinks; that alone keeps nobody from reading it.
      if (isIllegalAddress(error)) return undefined;
      throw error;
    }
  }

  /** A model more or less in a maker's list is no reason not to read: it is said. */
  async #checkModel(turn: Turn): Promise<void> {
    const { model } = this.#device.profile;
    if (this.#modelSaid || model === undefined) return;
    try {
      const found = decodeIdentity(await this.#client.read(turn, blockOf(model), this.#tries()), model);
      const expected: readonly (string | number)[] = model.is;
      if (!expected.some((one) => String(one) === found)) {
        this.#device.remark?.(new HardwareError('METER_OTHER_MODEL', { ...this.#party }));
      }
    } catch (error) {
      if (!isIllegalAddress(error)) throw error;
    }
    this.#modelSaid = true;
  }
}

function isIllegalAddress(error: unknown): boolean {
  return (
    error instanceof HardwareError && error.code === 'METER_EXCEPTION' && error.details.exception === illegalAddress
  );
}
