/**
 * Looks for a meter that is alone on its port: one that sends telegrams by itself, or when it is asked as IEC 62056-21
 * has it.
 */

import type { Turn } from './bus/bus.ts';
import type { LineSettings } from './bus/bus-config.ts';
import { pause, untilCut } from './bus/pause.ts';
import { settingsOf } from './bus/settings-text.ts';
import { headBytes, looksEncrypted } from './dsmr/encrypted-framer.ts';
import { HardwareError } from './errors.ts';
import { longestReadingMs } from './meter.ts';
import { measuredIn } from './obis-quantities.ts';
import { openBus, openDevice } from './open-device.ts';
import { loadProfile } from './profiles/load-profile.ts';
import { lacksPin } from './sml/quirks.ts';
import type { Framer, Telegram } from './telegram.ts';
import { telegramFormats } from './telegram-formats.ts';

export interface Heard {
  readonly profile: string;
  readonly settings: LineSettings;
  readonly serial?: string;
  readonly remarks: readonly HardwareError[];
}

type Sender = 'sml' | 'dsmr-p1' | 'dsmr-p1-v2' | 'iec62056-push';

interface Way {
  readonly settings: LineSettings;
  /** Names of the profiles that may be heard so. */
  readonly profiles: readonly Sender[];
}

/** Profiles that may be heard at the settings of the first: most meters in mode D are faster than the standard has it. */
const together: readonly (readonly [Sender, ...Sender[]])[] = [
  ['sml'],
  ['dsmr-p1'],
  ['dsmr-p1-v2', 'iec62056-push'],
  ['iec62056-push'],
];
const asked = 'iec62056-pull';

/**
 * @param listenMs how long to listen at each speed
 * @param progress from 0 to 1
 * @throws {HardwareError} PORT_*; or the reason of `signal`
 */
export async function listenAt(
  port: string,
  listenMs: number,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Heard | undefined> {
  for (const [index, profiles] of together.entries()) {
    progress(index / (together.length + 1));
    const heard = await hear(port, { profiles, settings: settingsFor(profiles[0]) }, listenMs, signal);
    if (typeof heard === 'object') return heard;
    // What is sent at another speed is heard as something else, but it is heard.
    if (heard === 'nothing') break;
  }
  progress(together.length / (together.length + 1));
  return ask(port, signal);
}

function settingsFor(profile: string): LineSettings {
  const settings = settingsOf(loadProfile(profile).delivered ?? '');
  if (settings === undefined)
    throw new TypeError(`${profile}: expected speed and framing of a new device in its profile`);
  return settings;
}

/** Whether anything is said on a port that was not asked for, within `ms`. @throws as `listenAt` */
export async function talks(port: string, ms: number, signal: AbortSignal): Promise<boolean> {
  const bus = openBus({ port });
  try {
    return await bus.turn('listen', signal, async (turn) => {
      const over = new AbortController();
      turn.listen(() => over.abort());
      return pause(ms, AbortSignal.any([over.signal, turn.cut])).then(
        () => false,
        () => {
          if (!over.signal.aborted) throw turn.cut.reason;
          return true;
        },
      );
    });
  } finally {
    await bus.close();
  }
}

async function hear(
  port: string,
  way: Way,
  listenMs: number,
  signal: AbortSignal,
): Promise<Heard | 'noise' | 'nothing'> {
  const bus = openBus({ port, ...way.settings });
  try {
    return await bus.turn('listen', signal, (turn) => new Ear(port, way).hear(turn, listenMs));
  } finally {
    await bus.close();
  }
}

/** What comes in at one speed, read in all the ways that it may be meant. */
class Ear {
  readonly #port: string;
  readonly #way: Way;
  readonly #framers: readonly { readonly profile: Sender; readonly framer: Framer }[];
  #head = Buffer.alloc(0);

  constructor(port: string, way: Way) {
    this.#port = port;
    this.#way = way;
    this.#framers = way.profiles.map((profile) => ({ profile, framer: telegramFormats[formatOf(profile)]() }));
  }

  async hear(turn: Turn, listenMs: number): Promise<Heard | 'noise' | 'nothing'> {
    const over = new AbortController();
    const late = pause(listenMs, over.signal).catch(() => {});
    const found = new Promise<Heard>((resolve) => {
      turn.listen((bytes) => {
        const heard = this.#take(bytes);
        if (heard !== undefined) resolve(heard);
      });
    });
    try {
      const heard = await untilCut(Promise.race([found, late]), turn.cut);
      return heard ?? (this.#head.length > 0 ? 'noise' : 'nothing');
    } finally {
      over.abort();
      turn.listen(undefined);
    }
  }

  #take(bytes: Uint8Array): Heard | undefined {
    if (this.#head.length < headBytes) this.#head = Buffer.concat([this.#head, bytes]);
    for (const { profile, framer } of this.#framers) {
      const telegram = framer.push(bytes).find(({ check, values }) => check !== 'bad' && values.size > 0);
      if (telegram !== undefined && isMeant(profile, telegram)) return this.#found(profile, telegram);
    }
    if (!this.#way.profiles.includes('dsmr-p1') || !looksEncrypted(this.#head)) return;
    return {
      profile: 'dsmr-p1',
      settings: this.#way.settings,
      remarks: [new HardwareError('METER_KEY_MISSING', { meter: `the meter on ${this.#port}` })],
    };
  }

  #found(profile: string, telegram: Telegram): Heard {
    const { serial } = telegram;
    const locked = profile === 'sml' && lacksPin(measuredIn(telegram));
    return {
      profile,
      settings: this.#way.settings,
      ...(serial !== undefined && { serial }),
      remarks: locked ? [new HardwareError('METER_WITHOUT_PIN', { profile })] : [],
    };
  }
}

function formatOf(profile: Sender): keyof typeof telegramFormats {
  return profile === 'sml' ? 'sml' : profile === 'iec62056-push' ? 'iec62056' : 'dsmr';
}

/** P1 ports of version 2.2 write as IEC 62056-21 in mode D does, without a check; the equipment identifier tells them. */
function isMeant(profile: Sender, { check, values }: Telegram): boolean {
  if (profile === 'dsmr-p1') return check === 'ok';
  return profile !== 'dsmr-p1-v2' || values.has('0-0:96.1.1');
}

async function ask(port: string, signal: AbortSignal): Promise<Heard | undefined> {
  const settings = settingsFor(asked);
  const bus = openBus({ port, ...settings });
  try {
    const meter = openDevice({ bus, profile: asked });
    const serial = await meter.serialNumber(AbortSignal.any([signal, AbortSignal.timeout(longestReadingMs)]));
    return { profile: asked, settings, ...(serial !== undefined && { serial }), remarks: [] };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HardwareError && error.code.startsWith('PORT_')) throw error;
    return undefined;
  } finally {
    await bus.close();
  }
}
