/** Power cuts: whoever runs is counted effect by effect, and is cut off where a test says. */

export class PowerCut extends Error {
  readonly party: string;

  constructor(party: string) {
    super(`power cut at ${party}`);
    this.party = party;
  }
}

/** The power of one party. `effect` is called before and after everything it writes, and before all that it sends. */
export class Power {
  readonly #party: string;
  #left = Number.POSITIVE_INFINITY;
  up = true;

  constructor(party: string) {
    this.#party = party;
  }

  /** The power fails at the nth effect from now. */
  failAt(effects: number): void {
    this.#left = effects;
  }

  /** Never again, for as long as nothing else is said. */
  last(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** @throws {PowerCut} */
  effect(): void {
    this.#left -= 1;
    if (this.#left >= 0) return;
    this.last();
    this.up = false;
    throw new PowerCut(this.#party);
  }
}
