/**
 * Finds a register's value among the answers of a device, and says once when it is none that can be.
 */

import { HardwareError } from '../errors.ts';
import type { Register } from '../profiles/modbus-profile.ts';
import { fittingOrders, isPlausible, plausibleRange } from '../profiles/plausible.ts';
import { unitOf } from '../quantity.ts';
import { decodeRegisters, registersOf } from './register.ts';
import type { Block, Party } from './rtu-client.ts';

export interface Answer {
  readonly block: Block;
  readonly bytes: Buffer;
}

export class Reader {
  readonly #party: Party;
  readonly #remark: (remark: HardwareError) => void;
  readonly #said = new Set<Register>();

  constructor(party: Party, remark: (remark: HardwareError) => void) {
    this.#party = party;
    this.#remark = remark;
  }

  /** @returns undefined where the device has no value, or none that can be */
  valueIn(register: Register, answers: readonly Answer[]): number | undefined {
    const bytes = this.bytesOf(register, answers);
    const value = decodeRegisters(bytes, register);
    const off =
      register.minus === undefined ? 0 : decodeRegisters(this.#bytesAt(register, register.minus, answers), register);
    if (value === undefined || off === undefined) return undefined;
    const range = plausibleRange(register);
    if (isPlausible(value - off, range)) {
      this.#said.delete(register);
      return register.minus === undefined ? value : difference(value, off, register.scale);
    }
    if (!this.#said.has(register)) this.#remark(this.#implausible(register, bytes));
    this.#said.add(register);
    return undefined;
  }

  bytesOf(register: Register, answers: readonly Answer[]): Buffer {
    return this.#bytesAt(register, register.at, answers);
  }

  #bytesAt({ kind, type, quantity }: Register, at: number, answers: readonly Answer[]): Buffer {
    const end = at + registersOf(type);
    const answer = answers.find(({ block }) => block.kind === kind && block.at <= at && end <= block.at + block.count);
    if (answer === undefined) throw new Error(`the reading plan lacks ${quantity}`);
    const offset = 2 * (at - answer.block.at);
    return answer.bytes.subarray(offset, offset + 2 * registersOf(type));
  }

  #implausible(register: Register, bytes: Buffer): HardwareError {
    const range = plausibleRange(register);
    const [least, most] = range;
    const { quantity } = register;
    const advice = adviceOf(register, bytes, this.#party.profile);
    return new HardwareError('VALUE_IMPLAUSIBLE', {
      ...this.#party,
      quantity,
      least,
      most,
      unit: unitOf(quantity),
      advice,
    });
  }
}

export function adviceOf(register: Register, bytes: Uint8Array, profile: string): string {
  const [fitting] = fittingOrders(bytes, register, plausibleRange(register));
  if (fitting === undefined) {
    return `If it stays so, ${profile} names a wrong register, type or scale for this device.`;
  }
  const { wordOrder, byteOrder } = fitting;
  const order = [
    ...(wordOrder === register.wordOrder ? [] : [`wordOrder: ${wordOrder}`]),
    ...(byteOrder === register.byteOrder ? [] : [`byteOrder: ${byteOrder}`]),
  ].join(', ');
  return `In another order it would fit: write ${order} at ${register.quantity} in ${profile}.`;
}

/** Of two decimals, with no more digits than they have. */
function difference(value: number, off: number, scale: number): number {
  const digits = Math.max(0, Math.min(12, Math.ceil(-Math.log10(Math.abs(scale)))));
  return Number((value - off).toFixed(digits));
}
