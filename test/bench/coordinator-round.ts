/** A whole round of the coordinator's own machine, without broker and disk: from the reports as received to the result. */
import { collecting, coordinate } from '../../broker/rounds/coordinator.ts';
import { eventOf, type HomeMessage } from '../../broker/rounds/incoming.ts';
import { openRequests } from '../../broker/rounds/open-requests.ts';
import type { Coordinator, CoordinatorEvent, Effect, RoundRules } from '../../broker/rounds/round-states.ts';
import type { MadeRound } from './made-round.ts';

/** Draws the same first wave each time. */
const random = new Uint8Array(32);

export class CoordinatorRound {
  readonly #rules: RoundRules;
  readonly #reports = new Map<number, Uint8Array>();
  readonly #asked = new Set<number>();
  readonly #onRequest: (member: number, request: Uint8Array) => void;
  #now: Coordinator;

  /** @param onRequest is given each opening request as it would be published */
  constructor(made: MadeRound, onRequest: (member: number, request: Uint8Array) => void) {
    const matching = made.round.roster.homes.map(({ index }) => index);
    this.#rules = { round: made.round, key: made.coordinator, matching };
    this.#onRequest = onRequest;
    this.#now = collecting(made.round);
  }

  /** All reports come, then the answers there are; what is still awaited then does not come. */
  run(reports: readonly Uint8Array[], answers: ReadonlyMap<number, Uint8Array>): Coordinator {
    for (const [at, report] of reports.entries()) this.#receive('report', at + 1, report);
    const wave = new Set(this.#asked);
    for (const [member, answer] of answers) if (wave.has(member)) this.#receive('answer', member, answer);
    this.#feed({ type: 'waveOver' });
    for (const [member, answer] of answers) if (!wave.has(member)) this.#receive('answer', member, answer);
    this.#feed({ type: 'graceOver' });
    return this.#now;
  }

  #receive(name: HomeMessage, index: number, payload: Uint8Array): void {
    const { round } = this.#rules;
    const home = round.roster.homes[index - 1];
    if (home === undefined) throw new RangeError(`there is no home ${index}`);
    // As MQTT hands it over: what is read in a Buffer is a view of it.
    const received = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    const event = eventOf(round, this.#now, { name, home, payload: received });
    if (event !== undefined) this.#feed(event);
  }

  #feed(event: CoordinatorEvent): void {
    const [next, effects] = coordinate(this.#rules, this.#now, event, random);
    this.#now = next;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    if (effect.type === 'storeReport') this.#reports.set(effect.home, effect.bytes);
    if (effect.type !== 'ask') return;
    const reports = effect.set.contributors.map((home) => this.#reports.get(home) ?? new Uint8Array());
    const requestOf = openRequests(this.#rules.round, effect.set, reports, effect.members);
    for (const member of effect.members) {
      this.#asked.add(member);
      this.#onRequest(member, requestOf(member));
    }
  }
}
