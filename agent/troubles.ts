/**
 * What is wrong now and goes on: said once in the log when it begins and once when it ends, and shown by
 * `wattveil agent status` as long as it lasts.
 */
import type { Logger } from 'pino';
import type { Clock, EpochMs } from '../broker/protocol/clock.ts';
import { type AgentError, type Told, toldBy } from './errors.ts';

/** One at a time of each kind. */
export type TroubleKind = 'clock' | 'storing' | 'room' | 'restored' | 'twin' | 'copy';

export interface Trouble extends Told {
  readonly kind: TroubleKind;
  readonly since: EpochMs;
}

export class Troubles {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #now = new Map<TroubleKind, Trouble>();

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** The same again is not said again. */
  begin(kind: TroubleKind, error: AgentError): void {
    const before = this.#now.get(kind);
    const told = toldBy(error);
    if (told === undefined || before?.code === told.code) return;
    this.#now.set(kind, { kind, ...told, since: this.#clock.now() });
    this.#log.error({ code: told.code }, `${told.says}. What to do: ${told.remedy}`);
  }

  end(kind: TroubleKind, says: string): void {
    if (this.#now.delete(kind)) this.#log.info(says);
  }

  /** In the order in which they began. */
  list(): readonly Trouble[] {
    return [...this.#now.values()];
  }
}
