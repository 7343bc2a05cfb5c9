/**
 * Rounds and their results in words and tables. Pure.
 */

import { failureOf } from '../protocol/failures.ts';
import type { OpenedResult, Result } from '../protocol/json-messages.ts';
import type { RoundRow, RoundStanding } from '../protocol/operator.ts';
import { bucketEdges, quantileBucket } from '../sdk/quantiles.ts';
import { amount, instant, table, unitShown } from './print.ts';

export function progressLine(row: RoundRow): string {
  const reports = `${row.reports} of ${row.members} homes reported${declines(row)}`;
  const answers = row.state === 'collecting' ? '' : `; ${row.answers} answers of ${row.needed} needed`;
  return `${row.state}: ${reports}${answers}`;
}

export function roundText(row: RoundRow): string {
  const { query, from, step, slots, statistics } = row;
  return [
    `round ${row.round} (${row.cohort}): ${row.state}${row.reason === undefined ? '' : `, ${row.reason}`}`,
    `  asks for ${asked(statistics).join(', ')} of ${query.quantity} in ${query.unit} of ${query.tags.join(' ')}`,
    `  ${slots} ${slots === 1 ? 'slot' : 'slots'} of ${duration(step)} from ${instant(from)}; at least ${row.minimum} contributors`,
    `  ${progressLine(row)}`,
    `  deadline ${instant(row.deadline)}, expires ${instant(row.expiry)}`,
  ].join('\n');
}

function asked(statistics: RoundRow['statistics']): string[] {
  return ['sum', 'mean', ...Object.keys(statistics)];
}

/** Names only where there is something to name; in a round that has opened, silence is nothing to look into. */
export function standingLines({ state }: RoundRow, standing: RoundStanding): string[] {
  const { noReport, noAnswer, answeredBefore, inconsistent, fault, disputed, complaints } = standing;
  const lines: [string, readonly string[]][] = [
    ['no report from', state === 'collecting' || state === 'failed' ? noReport : []],
    ['no answer from', noAnswer],
    ['answered for an earlier set', answeredBefore],
    ['inconsistent (off the polynomial, not accused)', inconsistent],
    ['at fault (more members than may fail could not open its shares)', fault],
    ['disputed (a few members could not: they or it)', disputed],
    ['complaints', complaints.map(({ member, contributor }) => `${member} of ${contributor}`)],
  ];
  return lines.filter(([, who]) => who.length > 0).map(([what, who]) => `  ${what}: ${listed(who)}`);
}

const mostListed = 20;

function listed(names: readonly string[]): string {
  const more = names.length - mostListed;
  const shown = names.slice(0, mostListed).join(', ');
  return more > 0 ? `${shown} and ${more} more (--json names all)` : shown;
}

export function roundsTable(rows: readonly RoundRow[]): string {
  if (rows.length === 0) return 'There are no rounds yet.';
  return table(
    ['round', 'cohort', 'state', 'tags', 'from', 'step', 'slots', 'asked', 'reports', 'declined', 'answers'],
    rows.map((row) => [
      row.round,
      row.cohort,
      row.reason === undefined ? row.state : `${row.state}: ${row.reason}`,
      row.query.tags.join(' '),
      instant(row.from),
      duration(row.step),
      String(row.slots),
      asked(row.statistics).join(' '),
      `${row.reports} of ${row.members}`,
      Object.entries(row.declined)
        .map(([reason, count]) => `${count} ${reason}`)
        .join(', ') || '-',
      `${row.answers} of ${row.needed}${checkOf(row)}`,
    ]),
  );
}

export function resultText(result: Result): string {
  if (result.state === 'failed') {
    const { says, remedy } = failureOf(result.reason);
    const missing = result.missing === undefined ? '' : `\n  missing: ${result.missing.join(', ')}`;
    return `failed (${result.reason}): ${says}${missing}\n  ${remedy}`;
  }
  const { grid, query, contributors, members, answers, needed, checked, inconsistent } = result;
  const unit = unitShown(query.unit);
  const check = checked
    ? `checked by ${answers - needed} more than needed`
    : 'not checked: just as many answers as needed';
  const odd = inconsistent.length === 0 ? '' : `; ${inconsistent.length} left out as inconsistent`;
  const { variance, histogram } = result;
  const rows = result.sum.map((sum, slot) => [
    instant(grid.from + slot * grid.step),
    amount(sum, query.unit),
    amount(result.mean[slot] ?? Number.NaN, query.unit),
    // In the unit itself: nobody thinks in squares of kWh.
    ...(variance === undefined ? [] : [amount(Math.sqrt(variance[slot] ?? Number.NaN), query.unit)]),
    ...(histogram === undefined ? [] : quantileCells(histogram, slot, query.unit)),
  ]);
  const more = [
    ...(variance === undefined ? [] : [`deviation ${unit}`]),
    ...(histogram === undefined ? [] : quantiles.map(([name]) => `${name} ${unit}`)),
  ];
  return [
    `opened: ${contributors} contributors of ${members} homes; ${answers} answers, ${needed} needed (${check}${odd})`,
    table(['slot', `sum ${unit}`, `mean ${unit}`, ...more], rows),
  ].join('\n');
}

const quantiles: readonly (readonly [string, number])[] = [
  ['quarter', 0.25],
  ['half', 0.5],
  ['three quarters', 0.75],
];

/** The range of values that a quarter, half, three quarters of the homes do not exceed: a bucket each. */
function quantileCells(histogram: NonNullable<OpenedResult['histogram']>, slot: number, unit: string): string[] {
  const counts = histogram.counts[slot] ?? [];
  return quantiles.map(([, share]) => {
    const { from, below } = bucketEdges(histogram, quantileBucket(counts, share), counts.length);
    if (from === undefined) return below === undefined ? '-' : `< ${amount(below, unit)}`;
    return below === undefined ? `>= ${amount(from, unit)}` : `${amount(from, unit)} to ${amount(below, unit)}`;
  });
}

function checkOf({ checked, inconsistent = 0 }: RoundRow): string {
  if (checked === undefined) return '';
  if (!checked) return ', unchecked';
  return inconsistent === 0 ? ', checked' : `, checked, ${inconsistent} inconsistent`;
}

function declines({ declined }: RoundRow): string {
  const reasons = Object.entries(declined).map(([reason, count]) => `${count} ${reason}`);
  return reasons.length === 0 ? '' : `, declined: ${reasons.join(', ')}`;
}

function duration(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1000}s`;
}
