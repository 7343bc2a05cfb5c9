/**
 * Runs the machine of one round: feeds it what happens and carries its effects out, on the disk first, then to the homes.
 */
import { after, type EpochMs } from '../protocol/clock.ts';
import type { AcceptedSet } from '../protocol/contributor-set.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { sameBytes } from '../protocol/hex.ts';
import type { Result } from '../protocol/json-messages.ts';
import type { RoundRow } from '../protocol/operator.ts';
import type { RosterHome } from '../protocol/roster.ts';
import { topicOf } from '../protocol/topics.ts';
import { coordinate } from './coordinator.ts';
import type { Taker } from './inbox.ts';
import { eventOf, type HomeMessage } from './incoming.ts';
import { unansweredMembers } from './members.ts';
import { openRequests } from './open-requests.ts';
import { publishRetained, type Retained } from './retained.ts';
import {
  type Act,
  afterGraceTime,
  type Coordinator,
  type CoordinatorEvent,
  type Effect,
  isStore,
  type RoundRules,
} from './round-states.ts';
import type { RoundWatcher } from './rounds.ts';
import type { ShellParts } from './shell-parts.ts';

/** What failed because the disk was full, say, is tried again: the round would wait for it for ever. */
const tryAgainMs = 10_000;

export class CoordinatorShell implements Taker {
  readonly #rules: RoundRules;
  readonly #parts: ShellParts;
  readonly #homes: ReadonlyMap<string, RosterHome>;
  readonly #watchers = new Set<RoundWatcher>();
  /** As it is on disk. */
  #now: Coordinator;
  /** As it will be once what is being written is on disk, */
  #next: Coordinator;
  /** and what is then to be done. */
  #effects: Effect[] = [];
  #timers: (() => void)[] = [];
  /** One after the other, so that nothing is asked of a home after it was taken back. */
  #sending: Promise<void> = Promise.resolve();

  constructor(rules: RoundRules, state: Coordinator, parts: ShellParts) {
    this.#rules = rules;
    this.#now = state;
    this.#next = state;
    this.#parts = parts;
    this.#homes = new Map(rules.round.roster.homes.map((home) => [home.id, home]));
  }

  /** Goes on from the state it was given, and with what is due by now. */
  start(): void {
    const { deadline, expiry } = this.#rules.round.announce;
    const now = this.#parts.clock.now();
    this.#feed({ type: 'resumed' });
    if (deadline <= now) this.#feed({ type: 'deadline', missed: true });
    else this.#at(deadline as EpochMs, { type: 'deadline', missed: false });
    if (expiry <= now) this.#feed({ type: 'expiry' });
    else this.#at(expiry as EpochMs, { type: 'expiry' });
  }

  /**
   * A message of a home about this round, which waits for others to be taken in with. Resolves once it is; rejects where
   * the disk fails.
   */
  receive(name: HomeMessage, home: string, payload: Uint8Array): Promise<void> {
    return this.#parts.inbox.add({ taker: this, name, home, payload });
  }

  /** What is wrong with a message is logged: no home is told. */
  take(name: HomeMessage, home: string, payload: Uint8Array): void {
    const sender = this.#homes.get(home);
    if (sender === undefined) {
      this.#warn(home, { name }, 'ignored: not in the roster of the round');
      return;
    }
    try {
      const event = eventOf(this.#rules.round, this.#next, { name, home: sender, payload });
      if (event === undefined) return;
      if (event.type === 'complaint') this.#warn(home, { contributor: this.#idOf(event.contributor) }, 'complaint');
      this.#write(event);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#warn(home, { name, code: error.code, reason: error.reason }, error.message);
    }
  }

  settle(): void {
    const effects = this.#effects;
    this.#effects = [];
    this.#now = this.#next;
    for (const act of effects) if (!isStore(act)) this.#carryOut(act);
    if (effects.some(isStore)) this.#tellWatchers();
  }

  undo(): void {
    this.#effects = [];
    this.#next = this.#now;
  }

  /** Its operator ends it. */
  abandon(): void {
    this.#feed({ type: 'stopped' });
  }

  follow(watcher: RoundWatcher): void {
    this.#watchers.add(watcher);
  }

  row(): RoundRow {
    const row = this.#parts.list.row(this.#rules.round.id);
    if (row === undefined) throw new RangeError(`round ${this.#rules.round.id} is not stored`);
    return row;
  }

  /** Everything that is asked of homes now, again. */
  publishRetained(): Promise<void> {
    const { round } = this.#rules;
    if (this.#hasEnded()) return this.#sending;
    void this.#send(() => publishRetained(this.#parts.link, [this.#announcement(() => round.signed)]));
    if (this.#now.state === 'opening') {
      this.#release(this.#now.former?.answered ?? []);
      this.#ask(this.#now.set, unansweredMembers(this.#now));
    }
    return this.#sending;
  }

  /** Hears nothing more; resolves when what was being sent is sent. */
  stop(): Promise<void> {
    this.#cancelTimers();
    this.#watchers.clear();
    return this.#sending;
  }

  /** Throws only where the disk fails: then nothing has happened. */
  #feed(event: CoordinatorEvent): void {
    this.#parts.inbox.empty();
    try {
      this.#write(event);
    } catch (error) {
      this.undo();
      throw error;
    }
    this.settle();
  }

  #write(event: CoordinatorEvent): void {
    const { store, clock, settings } = this.#parts;
    const [next, effects] = coordinate(this.#rules, this.#next, event, this.#parts.random(32));
    const now = clock.now();
    const times = { now, retainResultUntil: after(now, settings.keepResults) };
    store.write(this.#rules.round.id, effects.filter(isStore), times);
    this.#next = next;
    this.#effects.push(...effects);
  }

  #carryOut(act: Act): void {
    switch (act.type) {
      case 'ask':
        this.#ask(act.set, act.members);
        break;
      case 'release':
        this.#release(act.members);
        break;
      case 'awaitReports':
      case 'startWave':
      case 'startGrace':
        this.#at(after(this.#parts.clock.now(), this.#parts.settings.grace), { type: afterGraceTime[act.type] });
        break;
      case 'end':
        this.#end(act.result, act.text);
        break;
      case 'note':
        this.#warn(this.#idOf(act.home), {}, act.what);
    }
  }

  #warn(home: string, details: object, what: string): void {
    const { log, limit } = this.#parts;
    limit.warn(home, { home, ...details }, what, log);
  }

  #ask(set: AcceptedSet, members: readonly number[]): void {
    void this.#send(() =>
      this.#parts.turns.take(this.#rules.round.announce.cohort, () => this.#publishRequests(set, members)),
    );
  }

  #publishRequests(set: AcceptedSet, members: readonly number[]): Promise<boolean> {
    const { link, store } = this.#parts;
    const { round } = this.#rules;
    const isInForce = () => this.#now.state === 'opening' && sameBytes(this.#now.set.hash, set.hash);
    if (!isInForce()) return Promise.resolve(true);
    const requestOf = openRequests(round, set, store.reports(round.id, set.contributors), members);
    // The round may end while they are being sent, or another set be fixed.
    const payload = (member: number) => (isInForce() ? requestOf(member) : undefined);
    return publishRetained(
      link,
      members.map((member) => this.#request(member, () => payload(member))),
    );
  }

  #release(members: readonly number[]): void {
    const cleared = members.map((member) => this.#request(member, () => ''));
    if (cleared.length > 0) void this.#send(() => publishRetained(this.#parts.link, cleared));
  }

  #end(result: Result, text: string): void {
    const { link, log, onEnd } = this.#parts;
    const { round } = this.#rules;
    this.#cancelTimers();
    log.info({ state: result.state, ...(result.state === 'failed' && { reason: result.reason }) }, 'round ended');
    const topic = topicOf(link.prefix, 'result', { cohort: result.cohort, round: round.id });
    const cleared = this.#send(() =>
      publishRetained(link, [
        { topic, payload: () => text },
        this.#announcement(() => ''),
        ...(result.set === undefined ? [] : round.roster.homes.map(({ index }) => this.#request(index, () => ''))),
      ]),
    );
    onEnd(cleared);
  }

  #announcement(payload: Retained['payload']): Retained {
    const { id, announce } = this.#rules.round;
    return { topic: topicOf(this.#parts.link.prefix, 'round', { cohort: announce.cohort, round: id }), payload };
  }

  #request(member: number, payload: Retained['payload']): Retained {
    const levels = { home: this.#idOf(member), round: this.#rules.round.id };
    return { topic: topicOf(this.#parts.link.prefix, 'open', levels), payload };
  }

  /** @returns whether the broker has acknowledged all of it */
  #send(work: () => Promise<boolean>): Promise<boolean> {
    const sent = this.#sending.then(work).catch((error: unknown) => {
      // Only reading the database can fail here; the next connect publishes it all again.
      this.#parts.log.error(error, 'not published');
      return false;
    });
    this.#sending = sent.then(() => undefined);
    return sent;
  }

  #at(at: EpochMs, event: CoordinatorEvent): void {
    if (this.#hasEnded()) return;
    const { clock } = this.#parts;
    const cancel = clock.at(at, () => {
      try {
        this.#feed(event);
      } catch (error) {
        this.#at(after(clock.now(), tryAgainMs), event);
        throw error;
      }
      return this.#sending;
    });
    this.#timers.push(cancel);
  }

  #hasEnded(): boolean {
    return this.#now.state === 'opened' || this.#now.state === 'failed';
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
  }

  #tellWatchers(): void {
    if (this.#watchers.size === 0) return;
    const row = this.row();
    for (const watcher of this.#watchers) watcher.progress(row);
    if (this.#now.state !== 'opened' && this.#now.state !== 'failed') return;
    for (const watcher of this.#watchers) watcher.ended(this.#now.result);
    this.#watchers.clear();
  }

  #idOf(index: number): string {
    return this.#rules.round.roster.homes[index - 1]?.id ?? `home ${index}`;
  }
}
