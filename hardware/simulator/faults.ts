/**
 * How a device on a line can misbehave. Pure: an answer goes in, what is sent instead comes out.
 */

import { withCrc } from '../modbus/crc16.ts';

export type Fault = (
  | {
      readonly kind: 'silent' | 'badCrc' | 'short' | 'wrongUnit' | 'echo' | 'noise';
    }
  /** It refuses, with a code of the Modbus specification; by default 4, "device failure". */
  | { readonly kind: 'exception'; readonly code?: number }
  /** The answer comes so much later than it should. */
  | { readonly kind: 'late'; readonly byMs: number }
  /** The answer comes twice, with so much silence between. */
  | { readonly kind: 'doubled'; readonly byMs: number }
) & {
  /** So many requests are answered so, then it is gone; without it, all. */
  readonly times?: number;
};

export type FaultKind = Fault['kind'];

/** Now and then one of these: `share` of the requests, all shares together at most 1. */
export type FaultMix = readonly { readonly share: number; readonly fault: Fault }[];

/** @param random01 from 0 up to 1 */
export function pickFault(mix: FaultMix, random01: number): Fault | undefined {
  let left = random01;
  for (const { share, fault } of mix) {
    if (left < share) return fault;
    left -= share;
  }
  return undefined;
}

export interface Utterance {
  readonly afterMs: number;
  readonly bytes: Uint8Array;
}

const deviceFailure = 4;

/** @param answer the right one */
export function misbehave(fault: Fault | undefined, request: Uint8Array, answer: Buffer): Utterance[] {
  const say = (bytes: Uint8Array, afterMs = 0): Utterance => ({ bytes, afterMs });
  switch (fault?.kind) {
    case undefined:
      return [say(answer)];
    case 'silent':
      return [];
    case 'badCrc':
      return [say(inverted(answer))];
    case 'short':
      return [say(answer.subarray(0, Math.floor(answer.length / 2)))];
    case 'wrongUnit':
      return [say(withCrc(Buffer.of((answer[0] ?? 0) ^ 1, ...answer.subarray(1, -2))))];
    case 'exception':
      return [say(withCrc(Buffer.of(answer[0] ?? 0, (answer[1] ?? 0) | 0x80, fault.code ?? deviceFailure)))];
    case 'echo':
      return [say(Buffer.concat([request, answer]))];
    case 'noise':
      return [say(Buffer.concat([Buffer.of(0x00, 0xff), answer]))];
    case 'late':
      return [say(answer, fault.byMs)];
    case 'doubled':
      return [say(answer), say(answer, fault.byMs)];
  }
}

function inverted(answer: Buffer): Buffer {
  const copy = Buffer.from(answer);
  copy.writeUInt8((copy.at(-1) ?? 0) ^ 0xff, copy.length - 1);
  return copy;
}
