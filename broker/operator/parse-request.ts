/**
 * An operator's request as received, read by its schema; what is wrong with it is said field by field.
 */
import type * as z from 'zod';
import { BrokerError } from '../errors.ts';
import { hint } from '../nearest.ts';
import { OperatorRequest } from '../protocol/operator.ts';
import { firstWrong, unknownKey } from '../schema-issue.ts';

/** @throws {BrokerError} REQUEST_NOT_JSON, REQUEST_MALFORMED */
export function parseRequest(payload: Uint8Array): OperatorRequest {
  const written = parseJson(payload);
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    throw new BrokerError('REQUEST_NOT_JSON', { why: 'it is no object' });
  }
  const { type } = written as { type?: unknown };
  const kind = OperatorRequest.options.find((option) => option.shape.type.value === type);
  if (kind === undefined) throw unknownType(type);
  const read = kind.safeParse(written);
  if (read.success) return read.data;
  throw new BrokerError('REQUEST_MALFORMED', { why: wordsOf(read.error.issues, written, Object.keys(kind.shape)) });
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch (error) {
    // V8 quotes what it read; of a request for a sum that gives nothing away.
    const why = error instanceof Error ? error.message : 'unreadable';
    throw new BrokerError('REQUEST_NOT_JSON', { why }, { cause: error });
  }
}

function unknownType(type: unknown): BrokerError {
  const types = OperatorRequest.options.map((option) => option.shape.type.value);
  if (type === undefined) return new BrokerError('REQUEST_MALFORMED', { why: `type is missing: ${types.join(', ')}` });
  const meant = typeof type === 'string' ? hint(type, types) : '';
  const named = typeof type === 'string' ? `"${type.slice(0, 64)}"` : 'that';
  return new BrokerError('REQUEST_MALFORMED', { why: `there is no type ${named}${meant} (${types.join(', ')})` });
}

/** What a field takes, where the schema's own words do not tell. */
const takes: Readonly<Record<string, string>> = {
  from: 'takes an instant: RFC 3339 like 2026-11-23T00:00:00Z, or milliseconds since 1970',
  deadline: 'takes an instant: RFC 3339 like 2026-11-23T00:00:00Z, or milliseconds since 1970',
  expiry: 'takes an instant: RFC 3339 like 2026-11-23T00:00:00Z, or milliseconds since 1970',
  step: 'takes a duration: ISO 8601 like PT6H or PT15M, or milliseconds',
  tags: 'takes 1 to 16 tags, each # and up to 63 of a-z 0-9 -',
  cohort: 'takes a cohort id: a-z 0-9 -',
  home: 'takes a home id: a-z 0-9 -',
  round: 'takes a round id: 32 hex digits',
  slots: 'takes a whole number from 1 to 4096',
};

function wordsOf(issues: readonly z.core.$ZodIssue[], written: object, keys: readonly string[]): string {
  const unknown = unknownKey(issues, (path) => (path.length === 0 ? keys : []));
  if (unknown !== undefined) return `there is no field ${unknown.key}${unknown.hint}`;
  const { field, why } = firstWrong(issues, written);
  const wants = takes[field.split('.')[0] ?? ''];
  if (wants !== undefined) return why === 'is missing' ? `${field} is missing; it ${wants}` : `${field} ${wants}`;
  return `${field} ${why}`;
}
