/**
 * Which homes are connected, by their retained status and last will. Not kept: after a restart they say it anew.
 */
import type { Logger } from 'pino';
import type { Link } from '../mqtt/link.ts';
import { Status } from '../protocol/json-messages.ts';
import { firstWrong } from '../schema-issue.ts';
import { WarningLimit } from '../warning-limit.ts';

export interface SeenHome {
  readonly online: boolean;
  readonly since: number;
}

export class Presence {
  readonly #seen = new Map<string, SeenHome>();

  /** @param isKnown of the others nothing is held in memory */
  constructor(link: Link, isKnown: (home: string) => boolean, log: Logger) {
    const limit = new WarningLimit({ log, isKnown });
    link.on('status', ({ home }, payload) => {
      if (payload.length === 0 || !isKnown(home)) return;
      const status = readStatus(payload);
      if (typeof status !== 'string') this.#seen.set(home, { online: status.online, since: status.since });
      else limit.warn(home, { home, why: status }, 'a status that follows no schema');
    });
  }

  of(home: string): SeenHome | undefined {
    return this.#seen.get(home);
  }
}

/** @returns it, or what is wrong with it */
function readStatus(payload: Uint8Array): Status | string {
  let written: unknown;
  try {
    written = JSON.parse(Buffer.from(payload).toString());
  } catch {
    return 'it is not JSON';
  }
  const { success, data, error } = Status.safeParse(written);
  if (success) return data;
  const { field, why } = firstWrong(error.issues, written);
  return `${field} ${why}`;
}
