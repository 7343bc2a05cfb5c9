/**
 * Which formats of telegrams there are.
 */

import { EncryptedFramer, type P1Keys } from './dsmr/encrypted-framer.ts';
import { P1Framer } from './dsmr/framer.ts';
import { Iec62056Framer } from './iec62056/framer.ts';
import { SmlFramer } from './sml/framer.ts';
import type { Framer } from './telegram.ts';

/** A fresh framer for each. */
export const telegramFormats = {
  sml: () => new SmlFramer(),
  dsmr: (keys?: P1Keys) => (keys ? new EncryptedFramer(keys) : new P1Framer()),
  iec62056: () => new Iec62056Framer(),
} as const satisfies Readonly<Record<string, (keys?: P1Keys) => Framer>>;

export type TelegramFormat = keyof typeof telegramFormats;
