import { describe, expect, test, vi } from 'vitest';
import type { BrokerError } from '../../../broker/errors.ts';
import { compileFormula } from '../../../broker/tariff/formula.ts';

const slots = [
  { mean: 11.2333, sum: 33.7, contributors: 3 },
  { mean: 12.6667, sum: 38, contributors: 3 },
];

describe('a tariff formula', () => {
  test.each([
    ['0.5*mean+5', [10.61665, 11.33335]],
    ['0.5 * sum / contributors + 5', [5 + 33.7 / 6, 5 + 38 / 6]],
    ['7', [7, 7]],
    ['-mean', [-11.2333, -12.6667]],
    ['max(10, min(mean, 12))', [11.2333, 12]],
    ['if mean > 12 then 30 else 20', [20, 30]],
    ['if contributors < 5 and mean > 1 then mean ^ 2 else 0', [11.2333 ** 2, 12.6667 ** 2]],
    ['round(mean)', [11, 13]],
  ])('%s', (formula, values) => {
    const computed = compileFormula(formula)(slots);
    for (const [at, value] of values.entries()) expect(computed[at]).toBeCloseTo(value, 9);
  });

  test.each([
    ['0.5*meen+5', 'FORMULA_NAME_UNKNOWN', 'meen, which does not exist; did you mean mean?'],
    ['0.5*Mean', 'FORMULA_NAME_UNKNOWN', 'did you mean mean?'],
    ['average*2', 'FORMULA_NAME_UNKNOWN', 'average'],
    ['maximum(mean, 3)', 'FORMULA_NAME_UNKNOWN', 'maximum'],
    ['if mean > 99 then constructor else 1', 'FORMULA_NAME_UNKNOWN', 'constructor'],
    ['process', 'FORMULA_NAME_UNKNOWN', 'process'],
    ['toString()', 'FORMULA_NAME_UNKNOWN', 'toString'],
    ['__proto__', 'FORMULA_NAME_UNKNOWN', '__proto__'],
    ['mean(3)', 'FORMULA_MALFORMED', 'mean'],
    ['max', 'FORMULA_MALFORMED', 'max'],
    ['0.5*', 'FORMULA_MALFORMED', 'goes wrong after "0.5*"'],
    ['(mean', 'FORMULA_MALFORMED', 'goes wrong after "(mean"'],
    ['', 'FORMULA_MALFORMED', 'it is empty'],
    ['mean 5', 'FORMULA_MALFORMED', 'goes wrong after "mean '],
    ['1e1*mean', 'FORMULA_MALFORMED', 'goes wrong after "1"'],
    ['mean > 3 ? 1 : 2', 'FORMULA_MALFORMED', 'the character ?'],
    ['mean % 3', 'FORMULA_MALFORMED', 'the character %'],
    ['"mean"', 'FORMULA_MALFORMED', 'the character "'],
    ['mean; 5', 'FORMULA_MALFORMED', 'the character ;'],
    ['mean/0', 'FORMULA_NOT_A_NUMBER', 'Infinity for slot 1'],
    ['0/(mean-mean)', 'FORMULA_NOT_A_NUMBER', 'NaN for slot 1'],
    ['1/(12.6667-mean)', 'FORMULA_NOT_A_NUMBER', 'for slot 2'],
    ['mean > 3', 'FORMULA_NOT_A_NUMBER', 'true'],
    ['(mean, 3)', 'FORMULA_NOT_A_NUMBER', 'slot 1'],
    ['9^9^9^9', 'FORMULA_NOT_A_NUMBER', 'Infinity'],
    ['('.repeat(300), 'FORMULA_TOO_LONG', '300'],
  ])('%s is refused: %s', (formula, code, says) => {
    const warn = vi.spyOn(console, 'warn');
    const error = thrownBy(() => compileFormula(formula)(slots));
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
    expect(error.remedy).not.toBe('');
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('takes no time over 200 parentheses', () => {
    const started = performance.now();
    thrownBy(() => compileFormula('('.repeat(200)));
    expect(compileFormula(`${'('.repeat(98)}mean${')'.repeat(98)}`)(slots)[0]).toBe(11.2333);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

function thrownBy(work: () => unknown): BrokerError {
  try {
    work();
  } catch (error) {
    return error as BrokerError;
  }
  throw new Error('nothing thrown');
}
