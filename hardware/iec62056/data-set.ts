/**
 * Data sets as IEC 62056-21 (6.6) writes them, and DSMR after it: `1-0:1.8.0*255(0012.3*kWh)`. Pure.
 */

import { obisOfText } from '../obis.ts';
import { noValue, numberValue, type ObisValue, textValue } from '../telegram.ts';

/** A code, then values in parentheses. Several may stand in a line. */
const dataSet = /([^()\s/!]{1,40})((?:\([^()]*\))+)/y;
const number = /^([+-]?)(\d{1,30})(?:[.,](\d{1,30}))?$/;
const numberWithUnit = /^([+-]?\d{1,30}(?:[.,]\d{1,30})?)\*(.{0,16})$/;
/** YYMMDDhhmm, with seconds in DSMR, with S for summer or W for winter from version 4 on. */
const instant = /^\d{10}(?:\d{2}[SWT]?)?$/;
/** Numbers that have no unit: power failures, sags and swells of the voltage (P1 companion standard 5.0.2, 6.12). */
const counts = /:(?:96\.7\.\d+|[357]2\.3[26]\.0)$/;

/** @param body the lines between the identification and the end */
export function parseDataSets(body: string): Map<string, ObisValue> {
  const values = new Map<string, ObisValue>();
  for (const line of wholeLines(body)) {
    dataSet.lastIndex = 0;
    for (let found = dataSet.exec(line); found !== null; found = dataSet.exec(line)) {
      const code = obisOfText(found[1] ?? '');
      if (!values.has(code)) values.set(code, obisValueOf(code, groupsOf(found[2] ?? '')));
    }
  }
  return values;
}

/** A line that begins with a value goes on with the one before: so gas in version 2.2. */
function wholeLines(body: string): string[] {
  const lines: string[] = [];
  for (const line of body.split(/[\r\n]+/)) {
    const last = lines.length - 1;
    if (line.startsWith('(') && last >= 0) lines[last] += line;
    else lines.push(line);
  }
  return lines;
}

function groupsOf(text: string): string[] {
  return text.slice(1, -1).split(')(');
}

function obisValueOf(code: string, groups: readonly string[]): ObisValue {
  const [first = '', second] = groups;
  // (moment)(00)(60)(1)(0-1:24.2.1)(m3)(00001.001): of version 2.2 and 3.
  if (code.endsWith(':24.3.0') && groups.length === 7) return numberOr(groups[6] ?? '', groups[5]);
  // The moment that it was measured at, then what was measured; a maximum stands before its moment.
  if (second !== undefined && groups.length === 2 && instant.test(first)) return numberOr(second);
  if (second !== undefined && !numberWithUnit.test(first)) return textValue(groups.map((one) => `(${one})`).join(''));
  if (first.trim() === '') return noValue;
  if (numberWithUnit.test(first) || first.includes('.') || counts.test(code)) return numberOr(first);
  // Digits alone are a name as often as a number: they stay as they were sent.
  return textValue(first);
}

function numberOr(text: string, unit?: string): ObisValue {
  const [, digits = text, own] = numberWithUnit.exec(text) ?? [];
  const match = number.exec(digits);
  if (match === null) return text === '' ? noValue : textValue(text);
  const [, sign = '', whole = '', fraction = ''] = match;
  const raw = BigInt(whole + fraction);
  return numberValue(sign === '-' ? -raw : raw, fraction === '' ? 0 : -fraction.length, (own ?? unit)?.trim() || null);
}
