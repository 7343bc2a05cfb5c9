/**
 * A meter that sends telegrams by itself: whoever reads waits for the next one. A port belongs to one such meter.
 */

import type { Bus, Turn } from './bus/bus.ts';
import { untilCut } from './bus/pause.ts';
import { headBytes, isEncrypted, looksEncrypted, type P1Keys, unopened } from './dsmr/encrypted-framer.ts';
import { HardwareError } from './errors.ts';
import type { Device, Measured } from './meter.ts';
import { measuredIn } from './obis-quantities.ts';
import type { TelegramProfile } from './profiles/telegram-profile.ts';
import { lacksPin } from './sml/quirks.ts';
import type { Telegram } from './telegram.ts';
import { telegramFormats } from './telegram-formats.ts';

export interface PushDevice {
  readonly bus: Bus;
  readonly profile: TelegramProfile;
  readonly profileName: string;
  /** The serial number that it must have. */
  readonly serial?: string | undefined;
  readonly keys?: P1Keys | undefined;
  /** Whether a telegram that bears this time is new enough; without it the meter's clock is not looked at. */
  readonly isCurrent?: ((at: number) => boolean) | undefined;
  /** How long to wait for a telegram; left out, what two of them need by the profile. */
  readonly timeoutMs?: number | undefined;
  /** Told once of what is not as it should be, and yet no reason not to read. */
  readonly remark?: ((remark: HardwareError) => void) | undefined;
}

/** What was heard while no telegram came. */
interface Heard {
  bytes: number;
  head: Uint8Array;
  last: Telegram | undefined;
}

/** The operating system's and the adapter's own delays, and the length of a telegram. */
const slackMs = 2000;

export class PushMeter implements Device {
  readonly #device: PushDevice;
  readonly #waitMs: number;
  #pinSaid = false;

  constructor(device: PushDevice) {
    this.#device = device;
    // One may be damaged, or already under way.
    this.#waitMs = device.timeoutMs ?? 2 * 1000 * device.profile.sendsEvery + slackMs;
  }

  async read(signal: AbortSignal): Promise<Measured[]> {
    const telegram = await this.#telegram(signal);
    const { serial: expected } = this.#device;
    const found = telegram.serial;
    if (expected !== undefined && found !== undefined && found !== expected) {
      throw new HardwareError('METER_REPLACED', { ...this.#party(), found, expected });
    }
    const measured = measuredIn(telegram);
    this.#checkPin(measured);
    return measured;
  }

  async serialNumber(signal: AbortSignal): Promise<string | undefined> {
    return (await this.#telegram(signal)).serial;
  }

  #checkPin(measured: readonly Measured[]): void {
    const { profile, profileName, remark } = this.#device;
    if (this.#pinSaid || profile.protocol !== 'sml' || !lacksPin(measured)) return;
    this.#pinSaid = true;
    remark?.(new HardwareError('METER_WITHOUT_PIN', { profile: profileName }));
  }

  #telegram(signal: AbortSignal): Promise<Telegram> {
    return this.#device.bus.turn('telegrams', signal, async (turn) => {
      await quiet(turn);
      return await this.#next(turn);
    });
  }

  async #next(turn: Turn): Promise<Telegram> {
    const { profile, keys } = this.#device;
    const framer = telegramFormats[profile.protocol](keys);
    const heard: Heard = { bytes: 0, head: new Uint8Array(), last: undefined };
    let timer: NodeJS.Timeout | undefined;
    const found = new Promise<Telegram>((resolve, reject) => {
      timer = setTimeout(() => reject(this.#failure(heard)), this.#waitMs);
      turn.listen((bytes) => {
        heard.bytes += bytes.length;
        if (heard.head.length < headBytes) {
          heard.head = Buffer.concat([heard.head, bytes]);
          if (this.#lacksKey(heard)) reject(this.#failure(heard));
        }
        for (const telegram of framer.push(bytes)) {
          if (this.#isGood(telegram)) resolve(telegram);
          heard.last = telegram;
        }
      });
    });
    try {
      return await untilCut(found, turn.cut);
    } finally {
      clearTimeout(timer);
      turn.listen(undefined);
    }
  }

  #isGood({ check, at }: Telegram): boolean {
    const { isCurrent } = this.#device;
    return check !== 'bad' && (isCurrent === undefined || at === undefined || isCurrent(at));
  }

  /** Without its key an encrypted port is not worth waiting for. */
  #lacksKey({ head }: Heard): boolean {
    const { profile, keys } = this.#device;
    return profile.protocol === 'dsmr' && keys === undefined && looksEncrypted(head);
  }

  #failure({ bytes, head, last }: Heard): HardwareError {
    const party = this.#party();
    if (bytes === 0) return new HardwareError('METER_SILENT', { ...party, ms: this.#waitMs });
    if (last !== undefined && last.check !== 'bad') return new HardwareError('METER_OUT_OF_TIME', party);
    const { profile, keys } = this.#device;
    if (profile.protocol === 'dsmr') {
      if (keys === undefined && isEncrypted(head)) return new HardwareError('METER_KEY_MISSING', party);
      if (last === unopened) return new HardwareError('METER_KEY_WRONG', party);
    }
    return new HardwareError('METER_GARBLED', {
      ...party,
      why: last?.why ?? `${bytes} bytes, and no telegram in them`,
    });
  }

  #party() {
    const { profile, profileName, bus } = this.#device;
    return { meter: profile.name, profile: profileName, port: bus.port, delivered: profile.delivered };
  }
}

/** So that a telegram that is under way already, and may be old, is not taken for a new one. */
async function quiet(turn: Turn): Promise<void> {
  try {
    await turn.silence();
  } catch (error) {
    // Some meters send without a pause.
    if (!(error instanceof HardwareError) || error.code !== 'LINE_NOT_QUIET') throw error;
  }
}
