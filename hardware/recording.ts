/**
 * A recording of what a meter sent, whole or as it comes: as bytes, or as a dump of them in hex.
 */

import { isEncrypted, type P1Keys, unopened } from './dsmr/encrypted-framer.ts';
import { HardwareError } from './errors.ts';
import { HexDump } from './hex-dump.ts';
import type { Framer, Telegram } from './telegram.ts';
import { type TelegramFormat, telegramFormats } from './telegram-formats.ts';

/** So much of it is kept, to say what it holds instead of what it was taken for. */
const headBytes = 65_536;

export class Recording {
  readonly #format: TelegramFormat;
  readonly #hasKeys: boolean;
  readonly #framer: Framer;
  readonly #dump = new HexDump();
  #head: Buffer = Buffer.alloc(0);
  #good = 0;
  #bad = 0;
  #unopened = 0;

  constructor(format: TelegramFormat, keys?: P1Keys) {
    this.#format = format;
    this.#hasKeys = keys !== undefined;
    this.#framer = telegramFormats[format](keys);
  }

  /** @param bytes may begin and end in the middle of a telegram, and hold anything between them */
  push(bytes: Uint8Array): Telegram[] {
    return this.#decode(this.#dump.push(bytes));
  }

  /** No more bytes will come. */
  end(): Telegram[] {
    return [...this.#decode(this.#dump.end()), ...this.#counted(this.#framer.end())];
  }

  /** After its end: why it says less than it might. */
  trouble(): HardwareError | undefined {
    if (this.#good > 0) return undefined;
    const meter = 'the meter that was recorded';
    if (this.#unopened > 0) return new HardwareError('METER_KEY_WRONG', { meter });
    const isSealed = isEncrypted(this.#head);
    if (isSealed && this.#format === 'dsmr' && !this.#hasKeys) return new HardwareError('METER_KEY_MISSING', { meter });
    const other = this.#others().find((format) => format !== this.#format || (this.#hasKeys && !isSealed));
    if (this.#bad > 0 && other === undefined) return undefined;
    const format = this.#hasKeys ? `${this.#format} under a key` : this.#format;
    return new HardwareError('RECORDING_WITHOUT_TELEGRAMS', { format, other: other ?? '' });
  }

  #decode(bytes: Uint8Array): Telegram[] {
    if (this.#head.length < headBytes) this.#head = Buffer.concat([this.#head, bytes.subarray(0, headBytes)]);
    return this.#counted(this.#framer.push(bytes));
  }

  #counted(telegrams: Telegram[]): Telegram[] {
    for (const telegram of telegrams) {
      if (telegram === unopened) this.#unopened++;
      else if (telegram.check === 'bad') this.#bad++;
      else this.#good++;
    }
    return telegrams;
  }

  /** Formats in which it can be read without a key, or could with one. */
  #others(): TelegramFormat[] {
    if (isEncrypted(this.#head)) return ['dsmr'];
    const formats = Object.keys(telegramFormats) as TelegramFormat[];
    return formats.filter((format) =>
      telegramFormats[format]()
        .push(this.#head)
        .some(({ check, values }) => check !== 'bad' && values.size > 0),
    );
  }
}

export function decodeTelegrams(format: TelegramFormat, bytes: Uint8Array, keys?: P1Keys): Telegram[] {
  const recording = new Recording(format, keys);
  return [...recording.push(bytes), ...recording.end()];
}
