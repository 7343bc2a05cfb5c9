import { describe, expect, it } from 'vitest';
import { assertCatalogueFits, catalogueEntries } from '../../../agent/tensors/catalogue.ts';
import type { Tensor } from '../../../agent/tensors/tensor.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { Catalogue } from '../../../broker/protocol/messages.ts';
import { generateSigningKey, signMessage } from '../../../broker/protocol/signing.ts';
import { longestFromHome } from '../../../broker/protocol/sizes.ts';
import { codeOf } from '../policy/code-of.ts';

const late = epochMs(2 ** 45);
const many = (count: number, changes: Partial<Tensor> = {}): Tensor[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `bulb-${at}`,
    tags: ['#light-bulb'],
    description: 'in the hall',
    quantity: 'energyImport',
    unit: 'Wh',
    derived: false,
    capacity: [60, 0],
    source: { device: `device ${at}`, families: ['import'] },
    published: true,
    consentFrom: epochMs(0),
    shape: [2 ** 45],
    from: late,
    until: late,
    ...changes,
  }));
const largest = {
  tags: Array.from({ length: 16 }, (_, at) => `#${'t'.repeat(60)}${at}`),
  description: 'd'.repeat(200),
};

describe('a catalogue', () => {
  it('names 256 tensors', () => {
    expect(() => assertCatalogueFits(many(256))).not.toThrow();
    expect(codeOf(() => assertCatalogueFits(many(257)))).toBe('CATALOGUE_FULL');
  });

  it('gets through to the broker, whatever data there will be', () => {
    let count = 256;
    while (codeOf(() => assertCatalogueFits(many(count, largest))) === 'CATALOGUE_TOO_LARGE') count -= 1;
    const sizeOf = (length: number) => {
      const entries = catalogueEntries(many(length, largest));
      const fields = { home: 'h'.repeat(63), sequence: Number.MAX_SAFE_INTEGER, tensors: entries };
      return signMessage(generateSigningKey(), Catalogue, fields).length;
    };
    expect(sizeOf(count)).toBeLessThanOrEqual(longestFromHome);
    expect(sizeOf(count + 1)).toBeGreaterThan(longestFromHome);
    expect(count).toBeGreaterThan(150);
  });
});
