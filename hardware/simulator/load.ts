/**
 * What a simulated device draws over time, and what its counters say by then. Both depend on the instant alone, but for
 * what is switched by others.
 */

/** From `from` on (milliseconds since 1970) it draws `watts`; before the first step nothing. Negative: it gives back. */
export interface LoadStep {
  readonly from: number;
  readonly watts: number;
}

/** What it draws where that turns out only as time passes: `changes` are all instants at which it becomes another. */
export interface LivingLoad {
  watts(at: number): number;
  /** @returns ascending, after `from` and up to `to` */
  changes(from: number, to: number): readonly number[];
}

/** Watts: always the same, in steps or with changes (exactly added up), or any curve (added up minute by minute). */
export type Load = number | readonly LoadStep[] | LivingLoad | ((at: number) => number);

const msPerHour = 3_600_000;
const minuteMs = 60_000;

export interface Drawn {
  readonly watts: number;
  readonly importWh: number;
  readonly exportWh: number;
}

export class LoadCounter {
  readonly #watts: (at: number) => number;
  /** Instants at which the power changes, ascending; none for a curve. */
  readonly #edges: readonly number[] | undefined;
  readonly #living: LivingLoad | undefined;
  readonly #since: number;
  readonly #startWh: { readonly import: number; readonly export: number };
  /** Where a curve was last added up to, on whole minutes. */
  #added = { at: 0, import: 0, export: 0 };

  constructor(load: Load, since: number, startWh: { readonly import: number; readonly export: number }) {
    this.#since = since;
    this.#startWh = startWh;
    this.#watts = wattsOf(load);
    this.#edges = edgesOf(load);
    this.#living = isLiving(load) ? load : undefined;
    this.#added = { at: since, import: 0, export: 0 };
  }

  /** @param at an instant, not before `since` */
  at(at: number): Drawn {
    const watts = this.#watts(at);
    const wattMs = this.#living
      ? this.#addLiving(this.#living, at)
      : this.#edges
        ? this.#addSteps(this.#edges, at)
        : this.#addCurve(at);
    return {
      watts,
      importWh: this.#startWh.import + wattMs.import / msPerHour,
      exportWh: this.#startWh.export + wattMs.export / msPerHour,
    };
  }

  #addSteps(edges: readonly number[], at: number): { import: number; export: number } {
    const sum = { import: 0, export: 0 };
    const within = edges.filter((edge) => edge > this.#since && edge < at);
    const from = [this.#since, ...within];
    from.forEach((start, index) => {
      add(sum, this.#watts(start), (within[index] ?? Math.max(at, this.#since)) - start);
    });
    return sum;
  }

  /** What has passed cannot change any more, so it is added up once. */
  #addLiving(living: LivingLoad, at: number): { import: number; export: number } {
    if (at < this.#added.at) this.#added = { at: this.#since, import: 0, export: 0 };
    for (const edge of [...living.changes(this.#added.at, at), at]) {
      add(this.#added, living.watts(this.#added.at), edge - this.#added.at);
      this.#added.at = edge;
    }
    return this.#added;
  }

  #addCurve(at: number): { import: number; export: number } {
    // Instants may be asked in any order; whole minutes are kept, the rest of a minute is not.
    if (at < this.#added.at) this.#added = { at: this.#since, import: 0, export: 0 };
    for (; this.#added.at + minuteMs <= at; this.#added.at += minuteMs) {
      add(this.#added, this.#watts(this.#added.at + minuteMs / 2), minuteMs);
    }
    const rest = { import: this.#added.import, export: this.#added.export };
    const restMs = Math.max(at - this.#added.at, 0);
    add(rest, this.#watts(this.#added.at + restMs / 2), restMs);
    return rest;
  }
}

function add(sum: { import: number; export: number }, watts: number, ms: number): void {
  if (watts >= 0) sum.import += watts * ms;
  else sum.export -= watts * ms;
}

function isLiving(load: Load): load is LivingLoad {
  return typeof load === 'object' && 'changes' in load;
}

function wattsOf(load: Load): (at: number) => number {
  if (isLiving(load)) return (at) => load.watts(at);
  if (typeof load === 'function') return load;
  if (typeof load === 'number') return () => load;
  const steps = [...load].sort((one, other) => one.from - other.from);
  return (at) => steps.findLast(({ from }) => from <= at)?.watts ?? 0;
}

function edgesOf(load: Load): number[] | undefined {
  if (typeof load === 'function' || isLiving(load)) return undefined;
  return typeof load === 'number' ? [] : load.map(({ from }) => from).sort((one, other) => one - other);
}
