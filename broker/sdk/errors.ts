/**
 * What can go wrong between an operator's program and the coordinator, as one table.
 */

import { CodedError, type ErrorTable } from '../protocol/errors.ts';
import type { FailedResult } from '../protocol/json-messages.ts';

export const sdkErrors = {
  BROKER_URL_INVALID: {
    says: '{url} is no address of an MQTT broker',
    remedy: 'Give it as mqtt://HOST:PORT, for instance mqtt://127.0.0.1:1883',
  },
  BROKER_AWAY: {
    says: 'no MQTT broker answers at {url}: {why}',
    remedy: 'Start it with `wattveil broker run`, or name the right one with --broker (in a program: connect(url)).',
  },
  COORDINATOR_SILENT: {
    says: 'the broker at {url} took the request, but no coordinator answered within {timeoutMs} ms',
    remedy: 'See whether `wattveil broker run` is up and whether both use the same topic prefix ({prefix}).',
  },
  REPLY_MALFORMED: {
    says: 'what came back for request {request} is no reply of this version: {why}',
    remedy: 'Use the same version of wattveil here and at the broker.',
  },
  GRID_CLOSED: {
    says: 'the connection to {url} was closed by this program',
    remedy: 'Call connect() again.',
  },
} as const satisfies ErrorTable;

export class GridError extends CodedError<keyof typeof sdkErrors> {
  constructor(
    code: keyof typeof sdkErrors,
    details: Readonly<Record<string, string | number>>,
    options?: ErrorOptions,
  ) {
    super(sdkErrors, code, details, options);
    this.name = 'GridError';
  }
}

/** The coordinator refused a request: code, text and remedy are its own. */
export class Refusal extends CodedError {
  /** From when on, by the coordinator's clock, trying again makes sense; milliseconds since 1970. */
  readonly retryAt?: number;

  constructor(code: string, says: string, remedy: string, retryAt?: number) {
    super({ [code]: { says, remedy } }, code);
    this.name = 'Refusal';
    if (retryAt !== undefined) this.retryAt = retryAt;
  }
}

/** A round ended without a sum; `result` is what the coordinator published about it. */
export class RoundFailed extends CodedError<'ROUND_FAILED'> {
  readonly result: FailedResult;

  constructor(result: FailedResult, says: string, remedy: string) {
    super({ ROUND_FAILED: { says: `the round failed: ${says}`, remedy } }, 'ROUND_FAILED');
    this.name = 'RoundFailed';
    this.result = result;
  }
}
