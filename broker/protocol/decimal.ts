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
  if (Number.isSafeInteger(value)) return { digits: BigInt(value), exponent: 0 };
  const text = String(value);
  const [mantissa, exponent] = cutAt(text, text.indexOf('e'));
  const [whole, fraction] = cutAt(mantissa, mantissa.indexOf('.'));
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/** In two, without the character that is there; split('.') would take thrice as long as all the rest. */
function cutAt(text: string, at: number): [before: string, after: string] {
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** one / other as a fraction of integers. */
export function ratioOf(one: Decimal, other: Decimal): readonly [numerator: bigint, denominator: bigint] {
  const shift = one.exponent - other.exponent;
  return [one.digits * tenTo(Math.max(shift, 0)), other.digits * tenTo(Math.max(-shift, 0))];
}

/**
 * The double nearest to numerator / denominator · 10^exponent10, even where that lies next to a tie.
 * @param denominator above 0; the result has to lie within 1e±290 or be 0
 */
export function nearestDouble(numerator: bigint, denominator = 1n, exponent10 = 0): number {
  const size = (numerator < 0n ? -numerator : numerator) * tenTo(Math.max(exponent10, 0));
  const divisor = denominator * tenTo(Math.max(-exponent10, 0));
  // At least 60 bits of the quotient, where a double has 53; a last bit stands for all that division leaves.
  const shift = 64 + bitsOf(divisor) - bitsOf(size);
  const scaled = shift > 0 ? size << BigInt(shift) : size;
  const by = shift > 0 ? divisor : divisor << BigInt(-shift);
  const quotient = 2n * (scaled / by) + (scaled % by === 0n ? 0n : 1n);
  return Number(numerator < 0n ? -quotient : quotient) * 2 ** (-shift - 1);
}

export function tenTo(exponent: number): bigint {
  return powers[exponent] ?? 10n ** BigInt(exponent);
}

/** Those of ordinary values: working one out takes longer than all else that is done with it. */
const powers = Array.from({ length: 32 }, (_, exponent) => 10n ** BigInt(exponent));

const bitsOf = (size: bigint): number => 4 * size.toString(16).length;
