/**
 * Whether another agent uses this home's identity, from a copied card perhaps. The broker lets one of them in at a time,
 * so they push each other out; each sees the other by what it says of itself there.
 */
import type { EpochMs } from '../broker/protocol/clock.ts';
import { Status } from '../broker/protocol/json-messages.ts';

/** So many that are not this agent's, within so long: one may be of an agent that has just ended. */
const enough = 3;
const withinMs = 10 * 60_000;

export class TwinWatch {
  readonly #start: EpochMs;
  /** Of each status and each will of this agent's own. */
  readonly #own = new Set<number>();
  /** Of those that are not, and when each was first seen. */
  #strange = new Map<number, EpochMs>();

  constructor(start: EpochMs) {
    this.#start = start;
  }

  /** This agent says so of itself, or has the broker say so. */
  says(since: EpochMs): void {
    this.#own.add(since);
  }

  /** @returns whether there is another one */
  seen(payload: Uint8Array, now: EpochMs): boolean {
    const since = sinceIn(payload);
    // What is older than this agent was said by itself, before it was started anew.
    if (since === undefined || since <= this.#start || this.#own.has(since)) return false;
    if (!this.#strange.has(since)) this.#strange.set(since, now);
    this.#strange = new Map([...this.#strange].filter(([, at]) => now - at <= withinMs));
    return this.#strange.size >= enough;
  }
}

function sinceIn(payload: Uint8Array): number | undefined {
  try {
    return Status.parse(JSON.parse(Buffer.from(payload).toString('utf8'))).since;
  } catch {
    // Cleared, or anyone's.
    return undefined;
  }
}
