/**
 * Which homes are connected, by their retained status and last will. Not kept: after a restart they say it anew.
 */
import type { Logger } from 'pino';
import type { Link } from '../mqtt/link.ts';
import { Status } from '../protocol/json-messages.ts';
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
      if (status !== undefined) this.#seen.set(home, { online: status.online, since: status.since });
      else if (limit.allows(home)) log.warn({ home }, 'a status that follows no schema');
    });
  }

  of(home: string): SeenHome | undefined {
    return this.#seen.get(home);
  }
}

function readStatus(payload: Uint8Array): Status | undefined {
  try {
    return Status.safeParse(JSON.parse(Buffer.from(payload).toString())).data;
  } catch {
    return undefined;
  }
}
