import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseRequest } from '../../broker/operator/parse-request.ts';
import { OperatorRequest } from '../../broker/protocol/operator.ts';

const readme = readFileSync(join(import.meta.dirname, '../../broker/README.md'), 'utf8');
const requests = readme.match(/\{"v":1,[^`'\n]*\}/g) ?? [];

describe('broker/README.md', () => {
  test.each(requests)('%s is a request', (text) => {
    expect(parseRequest(Buffer.from(text))).toMatchObject({ v: 1 });
  });

  test('shows every request there is', () => {
    const shown = new Set(requests.map((text) => parseRequest(Buffer.from(text)).type));
    expect([...shown].sort()).toEqual(OperatorRequest.options.map((option) => option.shape.type.value).sort());
  });
});
