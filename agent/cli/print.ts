/**
 * Output for people: tables, instants, energies. What came from others cannot move the cursor.
 */
import { instantsAt, wallAt } from '../../broker/protocol/local-time.ts';
import { type Told, toldBy } from '../errors.ts';

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Beside the output proper, so that a program that reads it is not disturbed. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** As JSON it goes where the output would have gone: a program reads one stream only. */
export function printError(error: unknown, asJson: boolean): void {
  const { code, says, remedy } = toldBy(error) ?? unexpected(error);
  if (asJson) print(JSON.stringify({ error: { code, says, remedy } }, null, 2));
  else remark(`${code}: ${plain(says)}\nWhat to do: ${plain(remedy)}`);
}

function unexpected(error: unknown): Told {
  const says = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    code: 'UNEXPECTED',
    says,
    remedy: 'This is a mistake in the program: report it, with the command as typed.',
  };
}

/** Fields that are instants, as text in UTC. */
const instants = new Set(['at', 'from', 'until', 'since', 'now', 'consentFrom', 'receivedAt']);

export function printJson(value: unknown): void {
  print(jsonText(value));
}

export function jsonText(value: unknown): string {
  const inUtc = (key: string, field: unknown) =>
    instants.has(key) && typeof field === 'number' ? new Date(field).toISOString() : field;
  return JSON.stringify(value, inUtc, 2);
}

/** Columns padded to their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map(plain));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const padded = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  return all.map((row) => padded(row).join('  ').trimEnd()).join('\n');
}

/** By the wall clock: 2026-11-23 06:00, seconds only where there are some, the offset where the hour comes twice. */
export function local(ms: number, zone = systemZone()): string {
  const wall = wallAt(zone, ms);
  const [day, time = ''] = new Date(wall).toISOString().split('T');
  const seconds = time.slice(5, 8) === ':00' ? '' : time.slice(5, 8);
  const offset = instantsAt(zone, wall).length > 1 ? offsetText(wall - ms) : '';
  return `${day} ${time.slice(0, 5)}${seconds}${offset}`;
}

function offsetText(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / 60_000;
  const two = (number: number) => String(number).padStart(2, '0');
  return `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

export function systemZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function zone(name = systemZone()): string {
  return `times are local: ${name}`;
}

/** Energies in kWh, other values in their unit. */
export function amount(value: number, unit: string): string {
  return unit === 'Wh' ? (value / 1000).toFixed(3) : String(Number(value.toFixed(2)));
}

export function shownUnit(unit: string): string {
  return unit === 'Wh' ? 'kWh' : unit;
}

export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
