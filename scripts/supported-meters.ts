/**
 * The table of supported meters in hardware/README.md, made of the profiles.
 * Usage: node --import tsx scripts/supported-meters.ts  writes it anew
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { loadProfile, shippedProfiles } from '../hardware/profiles/load-profile.ts';

const readme = fileURLToPath(new URL('../hardware/README.md', import.meta.url));
const begin = '<!-- supported meters: made by scripts/supported-meters.ts -->';
const end = '<!-- end -->';

/** @returns the text with its table made anew */
export function withTable(text: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the README lacks ${begin} … ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${table()}\n\n${text.slice(to)}`;
}

export function readmeText(): string {
  return readFileSync(readme, 'utf8');
}

function table(): string {
  const rows = [...shippedProfiles().map(rowOf)];
  const head = ['meter', 'profile', 'protocol', 'gives'];
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function rowOf(name: string): string[] {
  const profile = loadProfile(name);
  const gives = profile.protocol === 'modbus' ? givenBy(profile.registers) : 'what its telegrams hold';
  return [profile.name + (profile.unconfirmed ? ' (unconfirmed)' : ''), `\`${name}\``, profile.protocol, gives];
}

const short = [
  ['import', 'energyImport'],
  ['export', 'energyExport'],
  ['P', 'power'],
  ['U', 'voltage'],
  ['I', 'current'],
  ['f', 'frequency'],
] as const;

function givenBy(registers: readonly { readonly quantity: string }[]): string {
  const has = (quantity: string) => registers.some((register) => register.quantity === quantity);
  return short
    .filter(([, quantity]) => has(quantity))
    .map(([word, quantity]) => (has(`${quantity}L3`) ? `${word} of 3 phases` : word))
    .join(', ');
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(readme, withTable(readmeText()));
