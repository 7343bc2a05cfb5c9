/**
 * Recorded telegrams: which formats there are, and what a recording says.
 */

import { EncryptedFramer, isEncrypted, type P1Keys } from './dsmr/encrypted-framer.ts';
import { P1Framer } from './dsmr/framer.ts';
import { HardwareError } from './errors.ts';
import { Iec62056Framer } from './iec62056/framer.ts';
import { SmlFramer } from './sml/framer.ts';
import type { Framer, Telegram } from './telegram.ts';

/** A fresh framer for each format. */
export const telegramFormats = {
  sml: () => new SmlFramer(),
  dsmr: (keys?: P1Keys) => (keys ? new EncryptedFramer(keys) : new P1Framer()),
  iec62056: () => new Iec62056Framer(),
} as const satisfies Readonly<Record<string, (keys?: P1Keys) => Framer>>;

export type TelegramFormat = keyof typeof telegramFormats;

export function isTelegramFormat(name: string): name is TelegramFormat {
  return Object.hasOwn(telegramFormats, name);
}

/**
 * @param bytes may begin and end in the middle of a telegram, and hold anything between them
 * @throws {HardwareError} METER_KEY_MISSING
 */
export function decodeTelegrams(format: TelegramFormat, bytes: Uint8Array, keys?: P1Keys): Telegram[] {
  if (format === 'dsmr' && keys === undefined && isEncrypted(bytes)) {
    throw new HardwareError('METER_KEY_MISSING', { meter: 'the meter that was recorded' });
  }
  const framer = telegramFormats[format](keys);
  return [...framer.push(bytes), ...framer.end()];
}
