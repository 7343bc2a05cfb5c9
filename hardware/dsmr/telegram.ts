/**
 * One telegram of a P1 port as text, from `/` to the end of the line with `!`: checked and read. Pure.
 */

import { crcArc, crcX25 } from '../crc.ts';
import { parseDataSets } from '../iec62056/data-set.ts';
import type { Check, ObisValue, Telegram } from '../telegram.ts';
import { instantOf } from './instant.ts';

/** The check is four digits in hex; some meters leave out leading zeros, or put a NUL behind. */
const ending = /^([0-9A-Fa-f]{0,4})\0?[ \t]*[\r\n]*$/;
/** Lines that came with version 4, as the check did: versions, the time, failures, voltages and currents, the new gas. */
const sinceVersion4 =
  /^(?:1-3:0\.2\.8|0-0:(?:96\.1\.4|1\.0\.0|96\.7\.\d+)|1-0:(?:99\.97\.0|[357][12]\.(?:7|32|36)\.0)|0-\d:24\.2\.[13])\(/m;
/** Maker, speed, and a name (P1 companion standard 5.0.2, 6.2). */
const identification = /^\/[A-Za-z]{3}[0-9A-Za-z]/;
/** The Holley DTSD545 takes X-25 (dsmr_parser#91). */
const x25Makers = /^\/HLY/;

/** @param text in latin1, so that every character is a byte */
export function decodeP1(text: string): Telegram {
  const end = text.lastIndexOf('!');
  const check = checkOf(text.slice(0, end + 1), text.slice(end + 1));
  if (check === 'bad') return { check, values: new Map(), why: 'its check is wrong or missing' };
  const body = text.slice(text.indexOf('\n') + 1, end);
  const values = parseDataSets(body);
  return { check, values, serial: serialIn(values), at: instantOf(rawText(values.get('0-0:1.0.0'))) };
}

function checkOf(checked: string, rest: string): Check {
  const [, digits] = ending.exec(rest) ?? [];
  if (digits === undefined) return 'bad';
  if (digits === '') return identification.test(checked) && !isChecked(checked) ? 'none' : 'bad';
  const sent = Number.parseInt(digits, 16);
  const crcs = x25Makers.test(checked) ? [crcArc, crcX25] : [crcArc];
  const fits = (text: string) => crcs.some((crc) => crc(Buffer.from(text, 'latin1')) === sent);
  return fits(checked) || mended(checked).some(fits) ? 'ok' : 'bad';
}

/** Since version 4, and between STX and ETX (IEC 62056-21, mode A to C), there is one. */
function isChecked(text: string): boolean {
  return sinceVersion4.test(text) || text.includes('\x02');
}

/** What became of line ends where a recording went through a terminal or an editor: of all of them, or of none. */
const lineEnds = ['\n', '\n\n', '\r\r\n'];

/** @returns what may have been sent: with the line ends that are due */
function mended(text: string): string[] {
  return lineEnds
    .map((end) => text.split(end))
    .filter((lines) => lines.every((line) => !/[\r\n]/.test(line)))
    .map((lines) => lines.join('\r\n'));
}

/** The equipment identifier, in hex as the standard has it or as it stands; Luxembourg and Hungary have a name there. */
function serialIn(values: ReadonlyMap<string, ObisValue>): string | undefined {
  const identifiers = ['0-0:96.1.1', '0-0:96.1.0', '0-0:42.0.0', '1-0:0.0.0', '0-0:96.1.255'];
  const texts = identifiers.map((code) => rawText(values.get(code))).filter((one) => one !== undefined);
  const [text] = texts;
  return text === undefined ? undefined : fromHex(text);
}

function fromHex(text: string): string {
  if (!/^(?:[0-9A-Fa-f]{2})+$/.test(text)) return text;
  const plain = Buffer.from(text, 'hex').toString('latin1');
  return /^[\x21-\x7e]+$/.test(plain) ? plain : text;
}

function rawText(value: ObisValue | undefined): string | undefined {
  return typeof value?.raw === 'string' ? value.raw : undefined;
}
