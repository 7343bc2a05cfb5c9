/**
 * Where refusals go: one ledger entry and one log line for each cause, however often a message comes.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { Announce } from '../../broker/protocol/messages.ts';
import { type Checked, isFromUtility, refusalOf } from '../policy/protocol-refusals.ts';
import { type Refusal, RefusedError } from '../policy/refusals.ts';
import { type Ledger, refusedEntry } from '../store/ledger.ts';

/** What was refused. A name in it is the sender's to choose, so it counts only where the sender is the utility. */
export interface Refused {
  readonly round?: string;
  readonly announce?: Announce | undefined;
  readonly roster?: string;
  /** Its sequence. */
  readonly tariff?: number | undefined;
  /** What kind of message, where it has no name. */
  readonly message?: string;
}

export class RefusalLog {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(ledger: Ledger, clock: Clock, log: Logger) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#log = log;
  }

  note(refused: Refusal, { round, announce, roster, tariff, message }: Refused): void {
    const named = isFromUtility(refused.code);
    const subject = (named ? (round ?? roster ?? tariff?.toString()) : undefined) ?? message ?? '';
    const entry = refusedEntry(refused, subject, named ? round : undefined, announce, this.#clock.now());
    if (!this.#ledger.write(entry)) return;
    const { code, message: says } = new RefusedError(refused);
    this.#log.info({ code, subject }, says);
  }

  /** @throws an error that is no refusal */
  noteError(error: unknown, checked: Checked, refused: Refused): void {
    this.note(refusalOf(error, checked), refused);
  }
}
