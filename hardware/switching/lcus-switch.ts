/**
 * A channel of an LCUS relay board: bytes on a serial port of its own, without addresses and without a check on answers.
 */

import type { Bus, Turn } from '../bus/bus.ts';
import { pause, untilCut } from '../bus/pause.ts';
import { HardwareError } from '../errors.ts';
import type { LcusProfile } from './relay-profile.ts';
import type { Switch, SwitchState } from './switch.ts';

const start = 0xa0;
const query = 0xff;
/** It takes one command at a time, and does not say when it is ready for the next. */
const settleMs = 100;
const tries = 2;

export interface LcusChannel {
  readonly bus: Bus;
  readonly profile: LcusProfile;
  /** From 1, as printed on the board. */
  readonly channel: number;
}

export class LcusSwitch implements Switch {
  readonly #channel: LcusChannel;

  constructor(channel: LcusChannel) {
    this.#channel = channel;
  }

  set(on: boolean, signal: AbortSignal): Promise<SwitchState> {
    const { bus, channel, profile } = this.#channel;
    const asked = on ? 'on' : 'off';
    return bus.turn(
      'lcus',
      signal,
      async (turn) => {
        let state: SwitchState = 'unknown';
        for (let tried = 0; tried < tries && state !== asked; tried++) {
          await turn.silence();
          turn.send(lcusCommand(channel, on));
          await pause(settleMs, turn.cut);
          state = await this.#ask(turn);
        }
        if (state === asked || state === 'unknown') return state;
        throw new HardwareError('SWITCH_NOT_DONE', { relay: profile.name, port: bus.port, channel, asked, state });
      },
      true,
    );
  }

  state(signal: AbortSignal): Promise<SwitchState> {
    return this.#channel.bus.turn('lcus', signal, (turn) => this.#ask(turn));
  }

  /** Boards with one channel mostly do not answer: then nothing is known. */
  async #ask(turn: Turn): Promise<SwitchState> {
    const { channel } = this.#channel;
    await turn.silence();
    let heard = '';
    const said = new Promise<SwitchState>((resolve) => {
      turn.listen((bytes) => {
        heard += Buffer.from(bytes).toString('latin1');
        const state = saidOf(channel, heard);
        if (state !== undefined) resolve(state);
      });
    });
    turn.send(Uint8Array.of(query));
    const wait = new AbortController();
    const late = pause(turn.timeoutMs, wait.signal).then((): SwitchState => 'unknown');
    late.catch(() => {});
    try {
      const state = await untilCut(Promise.race([said, late]), turn.cut);
      if (state === 'unknown') turn.distrust();
      // The lines of the other channels follow.
      else turn.stray();
      return state;
    } finally {
      wait.abort();
      turn.listen(undefined);
    }
  }
}

export function lcusCommand(channel: number, on: boolean): Uint8Array {
  const value = on ? 1 : 0;
  return Uint8Array.of(start, channel, value, (start + channel + value) & 0xff);
}

function saidOf(channel: number, heard: string): SwitchState | undefined {
  const [, word] = new RegExp(`CH0*${channel}\\s*:\\s*(ON|OFF)`, 'i').exec(heard) ?? [];
  return word === undefined ? undefined : word.toLowerCase() === 'on' ? 'on' : 'off';
}
