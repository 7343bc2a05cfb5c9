import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { brokerErrors } from '../../broker/errors.ts';

const broker = join(import.meta.dirname, '../../broker');
const sources = readdirSync(broker, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && name !== 'errors.ts')
  .map((name) => readFileSync(join(broker, name), 'utf8'));

test.each(Object.entries(brokerErrors))(
  '%s is thrown somewhere, and every detail its text names is given',
  (code, text) => {
    const throwing = sources.filter((source) => source.includes(`'${code}'`));
    expect(throwing.length).toBeGreaterThan(0);
    const details = `${text.says} ${text.remedy}`.matchAll(/\{(\w+)\}/g);
    for (const [, detail = ''] of details) {
      expect(throwing.some((source) => source.includes(detail))).toBe(true);
    }
  },
);

test('a command that names a tag has it in quotes: a shell takes # for the beginning of a comment', () => {
  const remedies = Object.values(brokerErrors).map(({ remedy }): string => remedy);
  const named = remedies.filter((remedy) => /wattveil [a-z ]*'?\{tags?\}/.test(remedy));
  expect(named).not.toEqual([]);
  for (const remedy of named) expect(remedy).toMatch(/'\{tags?\}'/);
});
