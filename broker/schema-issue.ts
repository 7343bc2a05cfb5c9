/**
 * What a schema finds wrong, in words that name the field; a misspelt key with the one that was meant.
 */
import type * as z from 'zod';
import { hint } from './nearest.ts';

export interface UnknownKey {
  /** With its path: `rounds.grase`. */
  readonly key: string;
  /** `; did you mean …?`, or nothing. */
  readonly hint: string;
  readonly known: readonly string[];
}

/**
 * The first key that the schema does not have. Looked for first: what else is wrong is then often the same mistake.
 * @param keysAt the keys known at a path
 */
export function unknownKey(
  issues: readonly z.core.$ZodIssue[],
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
): UnknownKey | undefined {
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const key = issue.keys[0] ?? '';
    const known = keysAt(issue.path);
    return { key: [...issue.path, key].map(String).join('.'), hint: hint(key, known), known };
  }
  return undefined;
}

/**
 * @param whole the value the schema was given
 * @returns the field, and what is wrong with it
 */
export function firstWrong(issues: readonly z.core.$ZodIssue[], whole: unknown): { field: string; why: string } {
  const issue = issues[0];
  if (issue === undefined) return { field: 'the whole', why: 'is not valid' };
  const field = issue.path.length === 0 ? 'the whole' : issue.path.map(String).join('.');
  if (valueAt(whole, issue.path) === undefined) return { field, why: 'is missing' };
  // A schema's own words begin with "is"; zod's do not make a sentence with the field.
  return { field, why: issue.message.startsWith('is ') ? issue.message : `is not valid: ${issue.message}` };
}

function valueAt(whole: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], whole);
}
