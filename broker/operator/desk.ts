/**
 * The operator's desk: takes requests from the operator topics and answers each; the same id twice, once.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { BrokerError } from '../errors.ts';
import type { Link } from '../mqtt/link.ts';
import { type Clock, type DurationMs, type EpochMs, epochMs } from '../protocol/clock.ts';
import { CodedError } from '../protocol/errors.ts';
import { sameBytes } from '../protocol/hex.ts';
import type { Result } from '../protocol/json-messages.ts';
import type { OperatorReply, OperatorRequest, RoundRequest } from '../protocol/operator.ts';
import { topicOf } from '../protocol/topics.ts';
import type { Rounds } from '../rounds/rounds.ts';
import { type OperatorActions, onlyLooks } from './actions.ts';
import { latestOnly } from './latest-only.ts';
import { parseRequest } from './parse-request.ts';
import type { RequestStore } from './request-store.ts';

export interface DeskParts {
  readonly link: Link;
  readonly store: RequestStore;
  readonly actions: OperatorActions;
  readonly rounds: Rounds;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long an outcome is kept for a request that is repeated. */
  readonly keep: DurationMs;
}

type ReplyBody = OperatorReply extends infer Each
  ? Each extends OperatorReply
    ? Omit<Each, 'v' | 'request'>
    : never
  : never;

const mostWatching = 1000;

/** A request as it came. */
interface Asked {
  readonly request: string;
  readonly payloadHash: Uint8Array;
}

export class OperatorDesk {
  readonly #parts: DeskParts;
  /** Requests being worked on: a copy that arrives meanwhile has nothing to add. */
  readonly #running = new Set<string>();
  /** Requests that follow a round. */
  readonly #watching = new Set<string>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
    for (const { round, ...asked } of parts.store.unfinished()) this.#resume(asked, round ?? '');
    parts.link.on('operatorRequest', ({ request }, payload) => this.#received(request, payload));
  }

  async #received(request: string, payload: Uint8Array): Promise<void> {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(request)) {
      await this.#reply(request, errorBody(new BrokerError('REQUEST_ID_INVALID')), '-');
      return;
    }
    if (this.#running.has(request)) return;
    this.#running.add(request);
    try {
      const asked = { request, payloadHash: createHash('sha256').update(payload).digest() };
      const outcome = await this.#outcome(asked, payload);
      const what = outcome.type === 'error' ? outcome.code : outcome.type === 'result' ? outcome.of : outcome.type;
      this.#parts.log.info({ request, outcome: what }, 'operator request');
      await this.#reply(request, outcome);
    } finally {
      this.#running.delete(request);
    }
  }

  async #outcome(asked: Asked, payload: Uint8Array): Promise<ReplyBody> {
    try {
      const before = this.#parts.store.find(asked.request);
      if (before === undefined) return await this.#first(asked, parseRequest(payload));
      if (!sameBytes(before.payloadHash, asked.payloadHash)) {
        throw new BrokerError('REQUEST_ID_REUSED', { request: asked.request });
      }
      if (before.outcome !== null) return JSON.parse(before.outcome) as ReplyBody;
      const { row } = this.#parts.rounds.show(before.round ?? '');
      return { type: 'accepted', round: row.round, row };
    } catch (error) {
      return this.#refusal(asked, error);
    }
  }

  async #first(asked: Asked, request: OperatorRequest): Promise<ReplyBody> {
    if (request.type === 'round') return await this.#openRound(asked, request);
    if (request.type === 'round-watch') return this.#watch(asked.request, request.round);
    try {
      const outcome: ReplyBody = { type: 'result', ...(await this.#parts.actions.perform(request)) };
      if (!onlyLooks.has(request.type)) this.#keep(asked, null, outcome);
      return outcome;
    } catch (error) {
      if (error instanceof CodedError && !onlyLooks.has(request.type)) this.#keep(asked, null, errorBody(error));
      throw error;
    }
  }

  async #openRound(asked: Asked, request: RoundRequest): Promise<ReplyBody> {
    const { actions, rounds, store, clock } = this.#parts;
    try {
      actions.assertAskable(request);
      const row = await rounds.open(request, { progress: () => undefined, ended: () => undefined }, asked.request);
      store.keep({ ...asked, round: row.round, outcome: null }, clock.now());
      // After "accepted" has gone out: what is published is delivered in order.
      setImmediate(() => this.#follow(asked, row.round));
      return { type: 'accepted', round: row.round, row };
    } catch (error) {
      if (error instanceof CodedError) this.#keep(asked, null, errorBody(error));
      throw error;
    }
  }

  /** Not kept: after a restart whoever still wants to know asks again. */
  #watch(request: string, round: string): ReplyBody {
    const { row } = this.#parts.rounds.show(round);
    if (!this.#watching.has(request)) {
      if (this.#watching.size >= mostWatching)
        throw new BrokerError('WATCHED_BY_TOO_MANY', { most: mostWatching, round });
      this.#watching.add(request);
      setImmediate(() =>
        this.#tell(request, round, (result) => {
          this.#watching.delete(request);
          return { type: 'result', of: 'round-watch', result };
        }),
      );
    }
    return { type: 'progress', row };
  }

  #resume(asked: Asked, round: string): void {
    try {
      this.#follow(asked, round);
    } catch (error) {
      // Its round is gone from the database: that is then what the request has led to.
      if (!(error instanceof CodedError)) throw error;
      this.#keep(asked, round, errorBody(error));
    }
  }

  /** Replies as the round goes on, up to its end. */
  #follow(asked: Asked, round: string): void {
    this.#tell(asked.request, round, (result) => {
      const outcome: ReplyBody = { type: 'result', of: 'round', result };
      this.#keep(asked, round, outcome);
      return outcome;
    });
  }

  #tell(request: string, round: string, ended: (result: Result) => ReplyBody): void {
    const progress = latestOnly((body: ReplyBody) => this.#reply(request, body));
    this.#parts.rounds.watch(round, {
      progress: (row) => progress.next({ type: 'progress', row }),
      ended: (result) => progress.next(ended(result)),
    });
  }

  #keep(asked: Asked, round: string | null, outcome: ReplyBody): void {
    const { store, clock, keep } = this.#parts;
    const now = clock.now();
    store.keep({ ...asked, round, outcome: JSON.stringify(outcome) }, now);
    store.forgetBefore(epochMs(now - keep));
  }

  #refusal({ request }: Asked, error: unknown): ReplyBody {
    if (error instanceof CodedError) return errorBody(error);
    this.#parts.log.error({ err: error, request }, 'an operator request failed');
    return errorBody(new BrokerError('REQUEST_FAILED'));
  }

  async #reply(request: string, body: ReplyBody, named = request): Promise<void> {
    const { link } = this.#parts;
    const reply = { v: 1, request: named, ...body } as OperatorReply;
    await link.publish(topicOf(link.prefix, 'operatorReply', { request }), JSON.stringify(reply), { retain: false });
  }
}

function errorBody(error: CodedError & { readonly retryAt?: EpochMs }): ReplyBody {
  const { code, message, remedy, retryAt } = error;
  return { type: 'error', code, says: message, remedy, ...(retryAt !== undefined && { retryAt }) };
}
