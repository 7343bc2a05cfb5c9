/**
 * Output for people: tables, instants, energies. Text that came from a home cannot move the cursor.
 */
import type { CodedError } from '../protocol/errors.ts';

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** As JSON it goes where the reply would have gone: a program reads one stream only. */
export function printError({ code, message, remedy }: CodedError, asJson: boolean): void {
  if (asJson) print(JSON.stringify({ error: { code, says: message, remedy } }, null, 2));
  else process.stderr.write(`${code}: ${plain(message)}\n  ${plain(remedy)}\n`);
}

/** Columns padded to their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map(plain));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** 2026-11-23T06:00Z: seconds only where there are some. */
export function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/(:00)?\.000Z$/, 'Z');
}

/** Wh as kWh, other units as they are. */
export function amount(value: number, unit: string): string {
  return unit === 'Wh' ? (value / 1000).toFixed(4) : value.toFixed(4);
}

export function unitShown(unit: string): string {
  return unit === 'Wh' ? 'kWh' : unit;
}

export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, '?');
}
