/**
 * A tariff formula: mean, sum and contributors of a slot in, cents per kWh out. Pure.
 */
import { compileExpression } from 'filtrex';
import { BrokerError } from '../errors.ts';
import { hint } from '../nearest.ts';

export interface SlotFigures {
  readonly mean: number;
  readonly sum: number;
  readonly contributors: number;
}

/** The figures of each slot in order; a value for each. @throws {BrokerError} FORMULA_* */
export type Formula = (figures: readonly SlotFigures[]) => number[];

/** filtrex takes 11 s for 20,000 parentheses. */
const longest = 200;
const names = ['mean', 'sum', 'contributors'];
const functions = ['abs', 'ceil', 'floor', 'log', 'log2', 'log10', 'max', 'min', 'round', 'sqrt'];
const keywords = ['if', 'then', 'else', 'and', 'or', 'not', 'mod', 'in'];

/**
 * Every name is looked at here, also one in a branch that is never taken.
 * @throws {BrokerError} FORMULA_TOO_LONG, FORMULA_MALFORMED, FORMULA_NAME_UNKNOWN
 */
export function compileFormula(text: string): Formula {
  if (text.length > longest) throw new BrokerError('FORMULA_TOO_LONG', { length: text.length, limit: longest });
  assertPlain(text);
  assertNames(text);
  const evaluate = compile(text);
  return (figures) => figures.map((slot, at) => numberOf(evaluate(slot), at + 1));
}

/** Text has no use here; ? and % are deprecated in filtrex, which would write a warning to the console. */
function assertPlain(text: string): void {
  const odd = /[^\w\s.,+\-*/^()<>=!]/.exec(text)?.[0];
  if (odd !== undefined) throw malformed(`it has the character ${odd}`);
}

function assertNames(text: string): void {
  for (const [word] of text.matchAll(/\d[\w.]*|[A-Za-z_]\w*/g)) {
    const known = [...names, ...functions, ...keywords];
    if (!/^\d/.test(word) && !known.includes(word)) throw unknownName(word, [...names, ...functions]);
  }
}

/** filtrex is typed as any. */
function compile(text: string): (figures: SlotFigures) => unknown {
  try {
    return compileExpression(text) as (figures: SlotFigures) => unknown;
  } catch (error) {
    throw malformed(placeOf(error), error);
  }
}

/** What filtrex throws draws the place over several lines: what, the text, an arrow of dashes under it, the rest. */
function placeOf(error: unknown): string {
  const [what = '', text = '', arrow = ''] = error instanceof Error ? error.message.split('\n') : [];
  if (!/^-*\^$/.test(arrow)) return what === '' ? 'it is no expression' : what;
  const before = text.slice(0, arrow.length - 1);
  return before === '' ? 'it is empty, or begins wrongly' : `it goes wrong after "${before}"`;
}

function numberOf(value: unknown, slot: number): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value instanceof ReferenceError) {
    // A function without its parentheses, or a name with some.
    throw malformed(firstLine(value), value);
  }
  const found = value instanceof Error ? `an error (${firstLine(value)})` : String(value);
  throw new BrokerError('FORMULA_NOT_A_NUMBER', { found, slot });
}

const unknownName = (name: string, known: readonly string[]): BrokerError =>
  new BrokerError('FORMULA_NAME_UNKNOWN', { name, hint: hint(name, known) });

const malformed = (why: string, cause?: unknown): BrokerError =>
  new BrokerError('FORMULA_MALFORMED', { why }, { cause });

const firstLine = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it is no expression';
