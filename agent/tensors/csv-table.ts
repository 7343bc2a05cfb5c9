/**
 * A file of comma-separated values as exports have it, cut into named columns and numbered lines. Pure.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { AgentError } from '../errors.ts';

export interface CsvLine {
  /** From 1, as editors count. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvTable {
  /** Empty where the file does not name its columns. */
  readonly head: readonly string[];
  readonly lines: readonly CsvLine[];
  /** With commas between its cells a file has none within its numbers. */
  readonly decimalComma: boolean;
}

/** Exports begin with a few lines about the customer. */
const longestPreamble = 20;

/**
 * @param isHead whether these cells name columns
 * @throws {AgentError} VALUES_UNREADABLE
 */
export function readCsv(text: string, path: string, isHead: (cells: readonly string[]) => boolean): CsvTable {
  const delimiter = delimiterOf(text);
  const lines = linesOf(text, path, delimiter);
  const at = lines.slice(0, longestPreamble).findIndex(({ cells }) => isHead(cells));
  return { head: lines[at]?.cells ?? [], lines: lines.slice(at + 1), decimalComma: delimiter !== ',' };
}

function linesOf(text: string, path: string, delimiter: string): CsvLine[] {
  try {
    const options = { delimiter, bom: true, trim: true, skip_empty_lines: true, relax_column_count: true, info: true };
    const records = parse(text, options) as unknown as { record: string[]; info: { lines: number } }[];
    return records.map(({ record, info }) => ({ line: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // Its message repeats what is in the file.
    const why = `line ${Number(error.lines)} is no line of comma-separated values (${error.code})`;
    throw new AgentError('VALUES_UNREADABLE', { path, why });
  }
}

/** The one that cuts most. A comma stands in many a text and number; a semicolon or tab does not. */
function delimiterOf(text: string): string {
  const sample = text.split('\n', longestPreamble).join('\n');
  const count = (character: string) => sample.split(character).length - 1;
  return [';', '\t'].find((character) => count(character) > 0) ?? ',';
}
