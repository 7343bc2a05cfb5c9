/**
 * What the shell of a round works with.
 */
import type { Logger } from 'pino';
import type { Link } from '../mqtt/link.ts';
import type { Clock } from '../protocol/clock.ts';
import type { WarningLimit } from '../warning-limit.ts';
import type { Inbox } from './inbox.ts';
import type { RoundSettings } from './plan.ts';
import type { RoundList } from './round-list.ts';
import type { RoundStore } from './round-store.ts';
import type { Turns } from './turns.ts';

export interface ShellParts {
  readonly store: RoundStore;
  /** Where what homes send waits, to be taken in together. */
  readonly inbox: Inbox;
  readonly list: RoundList;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of lines about what homes send. */
  readonly limit: WarningLimit;
  readonly settings: RoundSettings;
  /** All rounds have them together: a round's reports are in memory while requests are cut out of them. */
  readonly turns: Turns;
  /** The system's random source. */
  random(bytes: number): Uint8Array;
  /** The round has ended; its result is stored. @param cleared whether the broker has taken back what was retained for it */
  readonly onEnd: (cleared: Promise<boolean>) => void;
}
