import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import * as messages from '../../../broker/protocol/messages.ts';

/** Rules of protocol.cddl by name, comments left out. */
const rules = rulesOf(readFileSync('broker/protocol/protocol.cddl', 'utf8'));

const defined = Object.values(messages).filter((value) => 'type' in value && 'schema' in value && 'encode' in value);

describe('protocol.cddl', () => {
  it('has a rule for every message and no rule for any other', () => {
    const inGrammar = [...rules].filter(([, body]) => /^\{\s*v: 1, type: "/.test(body)).map(([name]) => name);
    expect(inGrammar.sort()).toEqual(defined.map(({ type }) => type).sort());
  });

  it.each(defined.map((message) => [message.type, message.schema as z.ZodType] as const))(
    'names the same fields as the schema of %s',
    (type, schema) => {
      const body = rules.get(type) ?? '';
      expect(body).toContain(`type: "${type}"`);
      expect(fieldsInGrammar(body).sort()).toEqual(fieldsInSchema(schema).sort());
    },
  );

  it('is read as it is written: optional and nested fields', () => {
    expect(fieldsInGrammar('{ a: uint, ? b: { ? c: int, d: [ 1*4 uint ] }, homes: [ 3*9 { e: id } ] }').sort()).toEqual(
      ['a', 'b?', 'b?.c?', 'b?.d', 'homes', 'homes.e'],
    );
  });
});

function rulesOf(text: string): Map<string, string> {
  const code = text.replace(/;[^\n]*/g, '');
  const starts = [...code.matchAll(/^([a-z][a-z0-9-]*)(?:<\w+>)?\s*=/gm)];
  return new Map(
    starts.map((start, at) => {
      const body = code.slice(start.index + start[0].length, starts[at + 1]?.index);
      return [start[1] as string, body.replace(/\s+/g, ' ').trim()];
    }),
  );
}

/** Paths of a map's fields; what is optional ends with `?`. Looks into maps, lists of maps, and rules that are maps. */
function fieldsInGrammar(type: string): string[] {
  const body = mapBody(type);
  if (body === undefined) {
    const named = type
      .replace(/"[^"]*"/g, '')
      .match(/[a-z][a-z0-9-]+/g)
      ?.find((name) => rules.get(name)?.startsWith('{'));
    return named === undefined ? [] : fieldsInGrammar(rules.get(named) as string);
  }
  return splitAtCommas(body).flatMap((entry) => {
    const [, optional, name, value] = /^(\? )?([a-z0-9]+): (.*)$/.exec(entry) ?? [];
    if (name === undefined || value === undefined) throw new SyntaxError(`not understood: ${entry}`);
    const path = `${name}${optional === undefined ? '' : '?'}`;
    return [path, ...fieldsInGrammar(value).map((inner) => `${path}.${inner}`)];
  });
}

function mapBody(type: string): string | undefined {
  const from = type.indexOf('{');
  return from < 0 ? undefined : type.slice(from + 1, type.lastIndexOf('}')).trim();
}

function splitAtCommas(body: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const letter of body) {
    if ('{['.includes(letter)) depth += 1;
    if ('}]'.includes(letter)) depth -= 1;
    if (letter === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function fieldsInSchema(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodArray) return fieldsInSchema(schema.element as z.ZodType);
  if (schema instanceof z.ZodOptional) return fieldsInSchema(schema.unwrap() as z.ZodType);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, value]) => {
    const path = `${name}${value instanceof z.ZodOptional ? '?' : ''}`;
    return [path, ...fieldsInSchema(value).map((inner) => `${path}.${inner}`)];
  });
}
