import { describe, expect, test } from 'vitest';
import { encodeCbor } from '../../broker/protocol/cbor.ts';
import * as messages from '../../broker/protocol/messages.ts';
import { encodingsText, writtenText } from '../../scripts/encodings.ts';
import { annotate } from '../../scripts/vector-cases/annotate.ts';

describe('broker/protocol/encodings.md', () => {
  test('is what the vectors make of it', () => {
    expect(writtenText()).toBe(encodingsText());
  });

  test('has every message, and each of its fields beside its bytes', () => {
    const text = writtenText();
    for (const message of Object.values(messages)) {
      if (!('decode' in message && 'schema' in message)) continue;
      const found = text.split('\n').findIndex((line) => line.endsWith(`type: "${message.type}"`));
      expect(found, message.type).toBeGreaterThan(0);
    }
    for (const field of ['contributors', 'salts', 'shares', 'sums', 'certificate', 'resolution', 'sequence']) {
      expect(text).toContain(`key ${field}`);
    }
  });
});

test('bytes are shown as they are written', () => {
  const lines = annotate(encodeCbor({ v: 1, list: [-1, 'a', true], map: { b: Uint8Array.of(1, 2) } }), 'x');
  expect(lines.map((line) => line.trim().replace(/\s+/g, ' '))).toEqual([
    'a3 x: map of 3',
    '6176 key v',
    '01 v: 1',
    '636d6170 key map',
    'a1 map: map of 1',
    '6162 key b',
    '42 b: 2 bytes',
    '0102',
    '646c697374 key list',
    '83 list: list of 3',
    '20 1.: -1',
    '6161 2.: "a"',
    'f5 3.: true',
  ]);
});
