/** Lets few do at a time what takes much memory, each party once; the others wait in line. */
export class Turns {
  readonly #atATime: number;
  readonly #waiting: { readonly party: string; readonly begin: () => void }[] = [];
  readonly #taken = new Set<string>();

  constructor(atATime: number) {
    this.#atATime = atATime;
  }

  /** @param party whose turn it is: one that takes long with it keeps others from one turn only */
  async take<Out>(party: string, work: () => Promise<Out>): Promise<Out> {
    if (this.#mayBegin(party)) this.#taken.add(party);
    else await new Promise<void>((begin) => this.#waiting.push({ party, begin }));
    try {
      return await work();
    } finally {
      this.#taken.delete(party);
      this.#passOn();
    }
  }

  #mayBegin(party: string): boolean {
    return this.#taken.size < this.#atATime && !this.#taken.has(party);
  }

  /** To whoever waits longest, of those that have none. */
  #passOn(): void {
    const at = this.#waiting.findIndex(({ party }) => this.#mayBegin(party));
    const [next] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (next === undefined) return;
    this.#taken.add(next.party);
    next.begin();
  }
}
