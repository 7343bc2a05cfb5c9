/**
 * Writes out what is held, a day of a series at a time: there may be years of it.
 */

import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Asks } from '../control/commands.ts';
import { AgentError, reasonOf } from '../errors.ts';
import type { Held, HeldEntered, HeldSeries } from '../store/held-data.ts';
import type { Reader } from './at-agent.ts';

export interface Exporting {
  readonly ask: Reader;
  readonly wanted: Asks<'data held'>;
  readonly json: boolean;
}

/** One line: of a device the instant of a reading, of what was entered by hand the slot. */
interface Row {
  readonly of: string;
  readonly serial: string;
  readonly quantity: string;
  readonly unit: string;
  readonly at: string;
  readonly until: string;
  readonly value: number;
  readonly note: string;
}

const columns = ['of', 'serial', 'quantity', 'unit', 'at', 'until', 'value', 'note'] as const satisfies (keyof Row)[];
const dayMs = 86_400_000;

/** @returns how many rows. @throws {AgentError} EXPORT_FAILED */
export async function exportTo(file: string | undefined, held: Held, exporting: Exporting): Promise<number> {
  const out = file === undefined ? process.stdout : createWriteStream(file, { flags: 'wx', mode: 0o600 });
  let isNew = false;
  try {
    if (file !== undefined) await once(out, 'open');
    isNew = file !== undefined;
    return await writeAll(out, held, exporting);
  } catch (error) {
    // A part would pass for the whole.
    if (isNew && file !== undefined) rmSync(file, { force: true });
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new AgentError('EXPORT_FAILED', { path: file ?? 'standard output', why: reasonOf(error) }, { cause: error });
  } finally {
    if (file !== undefined) {
      out.end();
      if (!out.destroyed) await once(out, 'close');
    }
  }
}

async function writeAll(out: Writable, held: Held, exporting: Exporting): Promise<number> {
  const { json } = exporting;
  let rows = 0;
  const write = async (text: string) => {
    if (!out.write(text)) await once(out, 'drain');
  };
  await write(json ? '[' : `${columns.join(',')}\n`);
  for await (const page of pagesOf(held, exporting)) {
    const texts = page.map((row, index) =>
      json
        ? `${rows + index === 0 ? '\n' : ',\n'}${JSON.stringify(row)}`
        : `${columns.map((name) => cell(row[name])).join(',')}\n`,
    );
    rows += page.length;
    await write(texts.join(''));
  }
  if (json) await write('\n]\n');
  return rows;
}

const cell = (value: string | number) =>
  /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value;

async function* pagesOf({ series, entered }: Held, exporting: Exporting): AsyncGenerator<Row[]> {
  for (const one of series) yield* readingsOf(one, exporting);
  for (const one of entered) yield await enteredOf(one, exporting);
}

async function* readingsOf({ series, device, serial = '', quantity, unit, ...span }: HeldSeries, exporting: Exporting) {
  const end = Math.min(span.until, exporting.wanted.until ?? Number.MAX_SAFE_INTEGER);
  for (let from: number = span.from; from < end; from += dayMs) {
    const asks = { series, from, until: Math.min(from + dayMs, end) };
    const page = await exporting.ask('data read', asks);
    yield page.map(({ at, until: ends, value, note }): Row => {
      const until = ends === undefined ? '' : new Date(ends).toISOString();
      return { of: device, serial, quantity, unit, at: new Date(at).toISOString(), until, value, note };
    });
  }
}

async function enteredOf({ tensor, quantity, unit }: HeldEntered, { ask, wanted }: Exporting): Promise<Row[]> {
  const { slots } = await ask('tensors show', { id: tensor });
  const { from = 0, until = Number.MAX_SAFE_INTEGER } = wanted;
  return slots
    .filter((slot) => slot.until > from && slot.from < until)
    .flatMap((slot): Row[] => {
      if (slot.value === undefined) return [];
      const [at, ends] = [slot.from, slot.until].map((instant) => new Date(instant).toISOString()) as [string, string];
      return [{ of: tensor, serial: '', quantity, unit, at, until: ends, value: slot.value, note: '' }];
    });
}
