import { createCipheriv, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../broker/protocol/hex.ts';
import { Sealing, type SealParties, sealBytes, sealInfo, sealKey } from '../../../broker/protocol/sealing.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const index = fc.integer({ min: 1, max: 2500 });
const contexts = fc.record({ rosterHash: bytes(32), roundHash: bytes(32) });
const parties = fc.record({ from: index, to: index, pairKey: bytes(32), salt: bytes(16) });

function seal(sealing: Sealing, parties: SealParties, share: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(share.length + sealBytes);
  sealing.seal(parties, share, sealed, 0);
  return sealed;
}

describe('sealing', () => {
  it('derives what HKDF-SHA256 of the platform derives, and seals as the platform does', () => {
    fc.assert(
      fc.property(contexts, parties, fc.uint8Array({ maxLength: 200 }), (context, who, share) => {
        const info = sealInfo(context, who.from, who.to);
        const derived = Buffer.from(hkdfSync('sha256', who.pairKey, who.salt, info, 44));
        const { key, nonce } = sealKey(context, who);
        expect(toHex(key) + toHex(nonce)).toBe(toHex(derived));

        const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
        cipher.setAAD(context.roundHash, { plaintextLength: share.length });
        const expected = Buffer.concat([cipher.update(share), cipher.final(), cipher.getAuthTag()]);
        expect(toHex(seal(new Sealing(context), who, share))).toBe(toHex(expected));
      }),
      { numRuns: 200 },
    );
  });

  it('opens what it has sealed, one after the other', () => {
    fc.assert(
      fc.property(
        contexts,
        fc.array(fc.tuple(parties, bytes(24)), { minLength: 1, maxLength: 5 }),
        (context, shares) => {
          const sealing = new Sealing(context);
          const sealed = shares.map(([who, share]) => seal(sealing, who, share));
          shares.forEach(([who, share], at) => {
            expect(toHex(sealing.open(who, sealed[at] as Uint8Array) ?? new Uint8Array())).toBe(toHex(share));
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  const context = { rosterHash: Buffer.alloc(32, 1), roundHash: Buffer.alloc(32, 2) };
  const who = { from: 1, to: 2, pairKey: Buffer.alloc(32, 3), salt: Buffer.alloc(16, 4) };
  const share = Buffer.alloc(24, 5);
  const sealed = seal(new Sealing(context), who, share);
  const wrong: readonly [string, typeof context, SealParties][] = [
    ['another roster', { ...context, rosterHash: Buffer.alloc(32) }, who],
    ['another round', { ...context, roundHash: Buffer.alloc(32) }, who],
    ['another sender', context, { ...who, from: 3 }],
    ['another receiver', context, { ...who, to: 3 }],
    ['sender and receiver exchanged', context, { ...who, from: 2, to: 1 }],
    ['another pair key', context, { ...who, pairKey: Buffer.alloc(32) }],
    ['another salt', context, { ...who, salt: Buffer.alloc(16) }],
  ];
  it.each(wrong)('does not open with %s', (_, otherContext, otherParties) => {
    expect(new Sealing(otherContext).open(otherParties, sealed)).toBeUndefined();
  });

  it('does not open with any one bit changed or any length cut', () => {
    const sealing = new Sealing(context);
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(sealing.open(who, changed)).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(sealing.open(who, sealed.subarray(0, length))).toBeUndefined();
    }
  });
});
