/**
 * How a meter that sends telegrams can misbehave. Pure: a telegram goes in, what is sent instead comes out.
 */

import type { Fault, FaultKind, Utterance } from './faults.ts';

/** Those that make sense where nothing is asked. */
export const telegramFaults = ['silent', 'badCrc', 'short', 'noise', 'late', 'doubled'] as const satisfies FaultKind[];

/** What an adapter hears while its plug is pushed in: a line end, beginnings of telegrams, and anything else. */
const noise = Buffer.from('ff00f82f1b1b1b1b0d0a2f4953333f801b1b1b1b010101db08', 'hex');

export function misbehaveTelegram(fault: Fault | undefined, telegram: Buffer): Utterance[] {
  const say = (bytes: Uint8Array, afterMs = 0): Utterance => ({ bytes, afterMs });
  switch (fault?.kind) {
    case 'silent':
      return [];
    case 'badCrc':
      return [say(damaged(telegram))];
    case 'short':
      return [say(telegram.subarray(0, Math.floor(telegram.length / 2)))];
    case 'noise':
      return [say(Buffer.concat([noise, telegram]))];
    case 'late':
      return [say(telegram, fault.byMs)];
    case 'doubled':
      return [say(telegram), say(telegram, fault.byMs)];
    default:
      return [say(telegram)];
  }
}

/** @returns what is left of a fault once it has been played */
export function afterPlaying(fault: Fault | undefined): Fault | undefined {
  if (fault?.times === undefined) return fault;
  return fault.times > 1 ? { ...fault, times: fault.times - 1 } : undefined;
}

/** One bit in the middle of it. */
function damaged(telegram: Buffer): Buffer {
  const copy = Buffer.from(telegram);
  const at = Math.floor(copy.length / 2);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
