/** Lets few do at a time what takes much memory; the others wait in line. */
export class Turns {
  readonly #atATime: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(atATime: number) {
    this.#atATime = atATime;
  }

  async take<Out>(work: () => Promise<Out>): Promise<Out> {
    if (this.#taken < this.#atATime) this.#taken += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // A turn passes on to whoever waits longest.
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken -= 1;
      else next();
    }
  }
}
