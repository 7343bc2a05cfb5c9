/**
 * The file that a meter's portal or a spreadsheet gives: which column has the values, in which unit, over which slots.
 * What it does not say is asked for. Pure.
 */
import { epochMs } from '../../broker/protocol/clock.ts';
import { slotEdges } from '../../broker/protocol/grid.ts';
import { AgentError } from '../errors.ts';
import { type CsvLine, type CsvTable, readCsv } from './csv-table.ts';
import { dayGrids, dayLengths } from './local-days.ts';
import { instantIn, readInstant } from './local-instant.ts';
import { placesText } from './places.ts';

export interface ExportOptions {
  /** For the errors. */
  readonly path: string;
  /** Whose wall clock instants without an offset are of. */
  readonly zone: string;
  /** As given beside the file. */
  readonly column?: string | undefined;
  readonly unit?: string | undefined;
}

export interface MeterExport {
  /** Numbers as they are written, with a point. */
  readonly values: readonly { readonly text: string; readonly where: string }[];
  /** Where the file names none: undefined. */
  readonly unit: string | undefined;
  /** Where the file has no instants: undefined. */
  readonly from: number | undefined;
  readonly stepMs: number | undefined;
  /** How many steps each slot is long; left out: one. */
  readonly steps?: readonly number[];
}

const dayNames = /^(date|day|datum|tag|usage date)$/i;
const hourNames = /^(time|uhrzeit|zeit|start ?time|from|von)$/i;
const instantNames =
  /^(from|von|since|start|begin|beginn|(date|start|begin)[ _-]?time|time ?stamp|zeitstempel|zeitpunkt|(interval|period|slot)[ _-]?(start|begin)|date|datum|time|zeit)\b/i;
const unitInName = /(?:^|[\s_[(/])(k?Wh|k?W|A|V)(?:$|[\s_\])])/;

/** @throws {AgentError} VALUES_UNREADABLE, COLUMN*, TIME_*, SLOTS_UNEVEN, FIELD_MALFORMED */
export function readExport(text: string, options: ExportOptions): MeterExport {
  const table = readCsv(text, options.path, isHead);
  const { head } = table;
  assertEven(table, options);
  const times = timeColumns(table);
  const column = valueColumn(table, times, options);
  const lines = oldestFirst(table.lines, times, options);
  return {
    values: lines.map((each) => ({ text: numberIn(each, column, table), where: placeOf(each, options) })),
    unit: unitOf(head[column], options.unit),
    ...slotsOf(lines, times, options),
  };
}

const isHead = (cells: readonly string[]) =>
  cells.every((cell) => !/^[+-]?\d/.test(cell)) &&
  cells.some((cell) => unitInName.test(cell) || instantNames.test(cell));
const placeOf = ({ line }: CsvLine, { path }: ExportOptions) => `${path}, line ${line}`;

/** A number with a comma is cut where commas part the cells: what is left of it is another number. */
function assertEven({ head, lines }: CsvTable, options: ExportOptions): void {
  const columns = head.length > 0 ? head.length : (lines[0]?.cells.length ?? 0);
  const longer = lines.filter(({ cells }) => cells.slice(columns).some((cell) => cell !== ''));
  if (longer.length === 0) return;
  throw new AgentError('COLUMNS_UNEVEN', { where: placesText(longer.map((each) => placeOf(each, options))) });
}

/** Where the day and the hour stand: in one cell or in two; in none. */
function timeColumns({ head, lines }: CsvTable): readonly number[] {
  const day = head.findIndex((name) => dayNames.test(name));
  const hour = head.findIndex((name, index) => index !== day && hourNames.test(name));
  if (day >= 0 && hour >= 0 && readInstant(lines[0]?.cells[hour] ?? '') === undefined) return [day, hour];
  const named = head.findIndex((name) => instantNames.test(name));
  const found = head.length > 0 ? named : (lines[0]?.cells ?? []).findIndex((cell) => readInstant(cell) !== undefined);
  return found < 0 ? [] : [found];
}

function valueColumn({ head, lines }: CsvTable, times: readonly number[], { path, column }: ExportOptions): number {
  const columns = head.map((name) => `"${name}"`).join(', ') || 'none is named';
  if (column !== undefined) {
    const found = head.findIndex((name) => name.toLowerCase() === column.toLowerCase());
    if (found < 0) throw new AgentError('COLUMN_UNKNOWN', { path, column, columns });
    return found;
  }
  const others = (lines[0]?.cells ?? []).map((_, index) => index).filter((index) => !times.includes(index));
  const withUnit = others.filter((index) => unitInName.test(head[index] ?? ''));
  const numeric = others.filter((index) => /^[+-]?[\d.,]+$/.test(lines[0]?.cells[index] ?? ''));
  const [first, ...more] = withUnit.length > 0 ? withUnit : others.length === 1 ? others : numeric;
  if (first === undefined || more.length > 0) throw new AgentError('COLUMN_UNCLEAR', { path, columns });
  return first;
}

function unitOf(name = '', given: string | undefined): string | undefined {
  const unit = unitInName.exec(name)?.[1];
  if (unit !== undefined && given !== undefined && unit !== given) {
    throw new AgentError('FIELD_MALFORMED', { field: 'unit', why: `the file says ${unit}, --unit says ${given}` });
  }
  return unit ?? given;
}

function numberIn({ cells }: CsvLine, column: number, { decimalComma }: CsvTable): string {
  const cell = cells[column] ?? '';
  return decimalComma && /^[+-]?\d+,\d+$/.test(cell) ? cell.replace(',', '.') : cell;
}

const timeText = ({ cells }: CsvLine, times: readonly number[]) => times.map((index) => cells[index] ?? '').join(' ');

function oldestFirst(lines: readonly CsvLine[], times: readonly number[], { zone }: ExportOptions): readonly CsvLine[] {
  const [first, second] = lines.slice(0, 2).map((each) => {
    const written = readInstant(timeText(each, times));
    return written === undefined ? undefined : instantIn(zone, written);
  });
  return first !== undefined && second !== undefined && second < first ? lines.toReversed() : lines;
}

/** Slots follow one upon the other, each as long as the first. */
function slotsOf(lines: readonly CsvLine[], times: readonly number[], options: ExportOptions) {
  if (times.length === 0 || lines.length === 0) return { from: undefined, stepMs: undefined };
  const unreadable: string[] = [];
  const leaptOver: string[] = [];
  const instants: { at: number; where: string }[] = [];
  for (const each of lines) {
    const where = placeOf(each, options);
    const written = readInstant(timeText(each, times));
    const at = written && instantIn(options.zone, written, instants.at(-1)?.at);
    if (written === undefined) unreadable.push(where);
    else if (at === undefined) leaptOver.push(where);
    else instants.push({ at, where });
  }
  if (unreadable.length > 0) throw new AgentError('TIME_MALFORMED', { where: placesText(unreadable) });
  if (leaptOver.length > 0) {
    throw new AgentError('TIME_LEAPT_OVER', { where: placesText(leaptOver), zone: options.zone });
  }
  const [first, second] = instants;
  const from = epochMs(first?.at ?? 0);
  if (second === undefined) return { from, stepMs: undefined };
  const days = localDays(
    instants.map(({ at }) => at),
    options.zone,
  );
  if (days !== undefined) return { from, ...days };
  const stepMs = second.at - from;
  const uneven = instants.filter(({ at }, index) => index > 0 && at - (instants[index - 1]?.at ?? 0) !== stepMs);
  if (uneven.length > 0 || stepMs <= 0) {
    throw new AgentError('SLOTS_UNEVEN', {
      where: placesText((uneven.length > 0 ? uneven : [second]).map((one) => one.where)),
    });
  }
  return { from, stepMs };
}

/** Where each begins a day of the calendar after the one before: also the last one may be longer or shorter. */
function localDays(instants: readonly number[], zone: string): { stepMs: number; steps?: number[] } | undefined {
  const [from = 0] = instants;
  const begins = dayGrids(zone, from, 1, instants.length).flatMap((grid) => slotEdges(grid).slice(0, -1));
  if (begins.length !== instants.length || begins.some((at, day) => at !== instants[day])) return undefined;
  const { stepMs, steps } = dayLengths(zone, from, 1, instants.length);
  return steps.every((each) => each === 1) ? { stepMs } : { stepMs, steps };
}
