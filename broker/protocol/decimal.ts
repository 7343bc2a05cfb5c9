/**
 * Doubles as the decimals that people read in them, and back, exactly. Pure.
 */

/** digits · 10^exponent */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** @returns the shortest decimal that reads back as `value`. @throws {RangeError} for what is no finite number */
export function decimalOf(value: number): Decimal {
  if (!Number.isFinite(value)) throw new RangeError(`value: expected a finite number, got ${value}`);
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/** one / other as a fraction of integers. */
export function ratioOf(one: Decimal, other: Decimal): readonly [numerator: bigint, denominator: bigint] {
  const shift = one.exponent - other.exponent;
  return [one.digits * tenTo(Math.max(shift, 0)), other.digits * tenTo(Math.max(-shift, 0))];
}

/** The double nearest to numerator / denominator · 10^exponent10; `denominator` above 0. */
export function nearestDouble(numerator: bigint, denominator = 1n, exponent10 = 0): number {
  const size = numerator < 0n ? -numerator : numerator;
  const shift = Math.max(0, 25 + String(denominator).length - String(size).length);
  const scaled = size * tenTo(shift);
  // A last digit that is not 0 stands for all that the division left: no tie is taken for one.
  const digits = `${scaled / denominator}${scaled % denominator === 0n ? 0 : 1}`;
  return Number(`${numerator < 0n ? '-' : ''}${digits}e${exponent10 - shift - 1}`);
}

export const tenTo = (exponent: number): bigint => 10n ** BigInt(exponent);
