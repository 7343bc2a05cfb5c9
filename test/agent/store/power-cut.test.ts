import { describe, expect, it } from 'vitest';
import { cutPower } from './power-cut/power-cuts.ts';

describe('a power cut at any call, with any part of what was under way on the disk', () => {
  it('loses nothing that was acknowledged, and leaves a sound database', () => {
    const { lost, unsound, steps } = cutPower(60, { steps: 90, seed: 20_261_124 });
    expect({ lost, unsound }).toEqual({ lost: 0, unsound: 0 });
    expect(steps).toBeGreaterThan(1000);
  });

  it('loses what was acknowledged, were the disk not waited for: these cuts do find what is lost', () => {
    expect(cutPower(20, { steps: 90, seed: 20_261_124, synchronous: 'NORMAL' }).lossy).toBeGreaterThan(0);
  });
});
