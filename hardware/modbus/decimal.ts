/**
 * Exact decimals, for the way from a register to a value: 23.2 times 1000 is 23200, not nearly so. Pure.
 */

/** mantissa · 10^exponent */
export interface Decimal {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** @param text as `String(number)` writes a finite number, or digits of any length */
export function decimalOf(text: string): Decimal {
  const match = /^(-?\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text);
  if (match === null) throw new TypeError(`not a decimal: ${text}`);
  const [, whole = '', fraction = '', exponent = '0'] = match;
  return { mantissa: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

export function times(one: Decimal, other: Decimal): Decimal {
  return { mantissa: one.mantissa * other.mantissa, exponent: one.exponent + other.exponent };
}

/** @returns the double nearest to it */
export function toNumber({ mantissa, exponent }: Decimal): number {
  return Number(`${mantissa}e${exponent}`);
}

/** @returns the shortest decimal that is this float32 and no other, as a meter's display would show it */
export function shortestFloat32(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  // Nine digits tell any two float32 apart.
  return String(Number(value.toPrecision(9)));
}
