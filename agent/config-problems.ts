/**
 * Turns what a schema says of a configuration into one error that names the place and what to write instead.
 */
import { type Document, isNode, isPair, type LineCounter } from 'yaml';
import * as z from 'zod';
import { AgentError } from './errors.ts';
import { nearest } from './nearest.ts';

/** Where a setting stands in the file, for the errors. */
export interface ConfigSource {
  readonly path: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

type Path = readonly PropertyKey[];

/** The first problem of a file. Misspelt keys come first: they are often the cause of what else is wrong. */
export function problemOf(schema: z.ZodType, error: z.ZodError, source: ConfigSource): AgentError {
  const unknown = error.issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown?.code === 'unrecognized_keys') return unknownKey(schema, unknown.path, unknown.keys[0] ?? '', source);
  const [issue] = error.issues;
  const why = issue?.message ?? 'invalid';
  return invalid(issue?.path ?? [], why.endsWith('received undefined') ? 'this setting is missing' : why, source);
}

/** A value that does not do. */
export function invalid(at: Path, why: string, { path, document, lines }: ConfigSource): AgentError {
  return new AgentError('CONFIG_INVALID', { path, line: lineOf(at, document, lines), where: nameOf(at), why });
}

/** The line in which a setting stands; where it is missing, that of what it belongs to. */
export function lineOf(at: Path, document: Document, lines: LineCounter): number {
  for (let length = at.length; length > 0; length--) {
    const parent = document.getIn(at.slice(0, length - 1), true);
    const key = at[length - 1];
    const pair = hasItems(parent)
      ? parent.items.find((item) => isPair(item) && isNode(item.key) && String(item.key) === String(key))
      : undefined;
    const node = isPair(pair) ? pair.key : document.getIn(at.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function unknownKey(schema: z.ZodType, at: Path, key: string, { path, document, lines }: ConfigSource): AgentError {
  const known = keysAt(schema, at);
  const meant = nearest(key, known);
  return new AgentError('CONFIG_KEY_UNKNOWN', {
    path,
    line: lineOf([...at, key], document, lines),
    where: at.length === 0 ? 'the configuration' : nameOf(at),
    key,
    advice: meant === undefined ? `Settings here are ${known.join(', ')}.` : `Did you mean ${meant}?`,
  });
}

/** devices[0].address */
function nameOf(at: Path): string {
  const name = at.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return name === '' ? 'the configuration' : name.replace(/^\./, '');
}

function keysAt(schema: z.ZodType, at: Path): string[] {
  let here = unwrapped(schema);
  for (const part of at) {
    if (here instanceof z.ZodArray) here = unwrapped(here.element as z.ZodType);
    else if (here instanceof z.ZodObject) here = unwrapped(here.shape[String(part)] as z.ZodType);
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  return schema;
}

function hasItems(node: unknown): node is { items: unknown[] } {
  return typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items);
}
