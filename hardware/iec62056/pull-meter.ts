/**
 * A meter that is asked as IEC 62056-21 says: modes A, B and C. It begins at 300 baud; the meter offers a speed, and
 * both change to it.
 */

import type { Bus, Turn } from '../bus/bus.ts';
import { pause, untilCut } from '../bus/pause.ts';
import { HardwareError } from '../errors.ts';
import type { Device, Measured } from '../meter.ts';
import { measuredIn } from '../obis-quantities.ts';
import type { TelegramProfile } from '../profiles/telegram-profile.ts';
import type { Telegram } from '../telegram.ts';
import { Iec62056Framer } from './framer.ts';

export interface PullDevice {
  readonly bus: Bus;
  readonly profile: TelegramProfile;
  readonly profileName: string;
  readonly serial?: string | undefined;
  /** Which of several meters on a line is meant; left out, whichever there is: an optical head reaches one only. */
  readonly address?: string | undefined;
  /** How long it may take before it answers, and how often it is asked; left out, as long as the standard lets it. */
  readonly timeoutMs?: number | undefined;
  readonly tries?: number | undefined;
}

const usualTries = 2;
/** IEC 62056-21, 6.4.3: a meter reacts within 200 to 1500 ms; one whose third letter is small, from 20 ms on. */
const longestReactionMs = 1500;
const reactionMs = { usual: 200, fast: 20 };
/**
 * Between the last bit of the acknowledgement and the change of speed: adapters are not done sending when they say so
 * (vzlogger PR#109, #142: 300 to 400 ms after it was handed over, 200 of which it takes at 300 baud).
 */
const changePauseMs = 120;
const identification = /\/[A-Za-z]{2}([A-Za-z])([0-9A-I])[^\r\n]*\r\n/;
const acknowledgementLength = 6;
/** By the letter that the meter offers: in mode C a digit, which is acknowledged; in mode B a letter, which is not. */
const speeds: Readonly<Record<string, number>> = {
  0: 300,
  1: 600,
  2: 1200,
  3: 2400,
  4: 4800,
  5: 9600,
  6: 19200,
  A: 600,
  B: 1200,
  C: 2400,
  D: 4800,
  E: 9600,
  F: 19200,
};

type Failure = 'silent' | 'damaged';

export class PullMeter implements Device {
  readonly #device: PullDevice;

  constructor(device: PullDevice) {
    this.#device = device;
  }

  async read(signal: AbortSignal): Promise<Measured[]> {
    const telegram = await this.#telegram(signal);
    const { serial: expected } = this.#device;
    const found = telegram.serial;
    if (expected !== undefined && found !== undefined && found !== expected) {
      throw new HardwareError('METER_REPLACED', { ...this.#party(), found, expected });
    }
    return measuredIn(telegram);
  }

  async serialNumber(signal: AbortSignal): Promise<string | undefined> {
    return (await this.#telegram(signal)).serial;
  }

  #telegram(signal: AbortSignal): Promise<Telegram> {
    const { address, timeoutMs = longestReactionMs, tries = usualTries } = this.#device;
    return this.#device.bus.turn(`iec62056 ${address ?? ''}`, signal, async (turn) => {
      for (let tried = 1; ; tried++) {
        const got = await new Readout(turn, timeoutMs, address).run();
        if (typeof got === 'object') return got;
        // What is left of it must not pass for the answer to the next request.
        turn.distrust();
        await turn.speed(undefined);
        if (tried >= tries) throw this.#error(got, tried);
      }
    });
  }

  #error(failure: Failure, tried: number): HardwareError {
    const { timeoutMs: ms = longestReactionMs } = this.#device;
    const details = { ...this.#party(), tries: tried };
    if (failure === 'silent') return new HardwareError('METER_NO_ANSWER', { ...details, ms });
    return new HardwareError('METER_BAD_FRAME', { ...details, why: 'a readout that is cut, or whose check is wrong' });
  }

  #party() {
    const { profile, profileName, bus, address } = this.#device;
    const { name: meter, delivered } = profile;
    return { meter, profile: profileName, port: bus.port, delivered, ...(address !== undefined && { address }) };
  }
}

/** One request and what comes of it. */
class Readout {
  readonly #turn: Turn;
  readonly #request: Buffer;
  readonly #reactionMs: number;
  #received = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(turn: Turn, reactionMs: number, address = '') {
    this.#turn = turn;
    this.#reactionMs = reactionMs;
    this.#request = Buffer.from(`/?${address}!\r\n`, 'latin1');
  }

  async run(): Promise<Telegram | Failure> {
    const turn = this.#turn;
    await turn.silence();
    turn.listen((bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake();
    });
    try {
      turn.send(this.#request);
      const offer = await this.#offer();
      if (offer === undefined) return 'silent';
      await this.#accept(offer);
      return (await this.#block(offer[0])) ?? 'damaged';
    } finally {
      turn.listen(undefined);
    }
  }

  async #offer(): Promise<RegExpExecArray | undefined> {
    const requestMs = this.#request.length * this.#turn.charMs;
    for (let waitMs = requestMs + this.#reactionMs; ; waitMs = this.#reactionMs) {
      const offer = identification.exec(this.#received.toString('latin1'));
      if (offer !== null) return offer;
      if (!(await this.#more(waitMs)) || this.#received.length > 256) return undefined;
    }
  }

  async #accept([, thirdLetter = '', letter = '']: RegExpExecArray): Promise<void> {
    const turn = this.#turn;
    const speed = speeds[letter];
    if (speed === undefined) return;
    if (/\d/.test(letter)) {
      await pause(/[a-z]/.test(thirdLetter) ? reactionMs.fast : reactionMs.usual, turn.cut);
      const sendingMs = acknowledgementLength * turn.charMs;
      turn.send(Buffer.from(`\x060${letter}0\r\n`, 'latin1'));
      await pause(sendingMs + changePauseMs, turn.cut);
    }
    await turn.speed(speed);
  }

  /** Reads on until the block is whole, as long as something comes. */
  async #block(offer: string): Promise<Telegram | undefined> {
    const framer = new Iec62056Framer();
    framer.push(Buffer.from(offer, 'latin1'));
    let taken = this.#received.indexOf(offer, 0, 'latin1') + offer.length;
    for (;;) {
      const [telegram] = framer.push(this.#received.subarray(taken));
      taken = this.#received.length;
      if (telegram) return telegram.check === 'ok' ? telegram : undefined;
      if (taken > 4 * 16_384 || !(await this.#more(this.#reactionMs))) return undefined;
    }
  }

  /** @returns whether something came within `ms` */
  async #more(ms: number): Promise<boolean> {
    const before = this.#received.length;
    let timer: NodeJS.Timeout | undefined;
    const something = new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    try {
      await untilCut(something, this.#turn.cut);
    } finally {
      clearTimeout(timer);
    }
    return this.#received.length > before;
  }
}
