/** No file of the project imports itself by way of others, types included: each can be read without what uses it. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

type Imports = ReadonlyMap<string, readonly string[]>;

/** @returns one circle, as the files it leads through; undefined where there is none */
function circleIn(imports: Imports): readonly string[] | undefined {
  const clear = new Set<string>();
  const follow = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (clear.has(file)) return undefined;
    for (const next of imports.get(file) ?? []) {
      const found = follow(next, [...path, file]);
      if (found !== undefined) return found;
    }
    clear.add(file);
    return undefined;
  };
  for (const file of imports.keys()) {
    const found = follow(file, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(([, to]) => normalize(join(dirname(file), to ?? '')));
}

describe('imports', () => {
  it('go in no circle', () => {
    const files = ['agent', 'broker', 'hardware', 'scripts', 'test'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(folder, file)),
    );
    const imports = new Map(files.map((file) => [file, importsOf(file)]));
    expect([...imports.values()].flat().length).toBeGreaterThan(files.length);
    expect(circleIn(imports)).toBeUndefined();
  });

  it.each<[string, Record<string, string[]>, string[] | undefined]>([
    ['a file and itself', { a: ['a'] }, ['a', 'a']],
    ['two files', { a: ['b'], b: ['a'] }, ['a', 'b', 'a']],
    ['a way into it', { a: ['b'], b: ['c'], c: ['d'], d: ['b'] }, ['b', 'c', 'd', 'b']],
    ['two ways to one file', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, undefined],
  ])('are seen to: %s', (_, imports, circle) => {
    expect(circleIn(new Map(Object.entries(imports)))).toEqual(circle);
  });
});
