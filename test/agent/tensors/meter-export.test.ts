import { describe, expect, it } from 'vitest';
import { readExport } from '../../../agent/tensors/meter-export.ts';
import { codeOf } from '../policy/code-of.ts';

const options = { path: 'readings.csv', zone: 'Europe/Berlin' };
const hour = 3_600_000;
const midnight = Date.parse('2026-11-23T00:00+01:00');
const texts = (file: string, changes: object = {}) =>
  readExport(file, { ...options, ...changes }).values.map(({ text }) => text);

describe('a table of values', () => {
  it.each<[name: string, file: string, unit: string | undefined, step: number, values: string[]]>([
    [
      'with commas and instants in UTC',
      'from,energy_kWh\n2026-11-22T23:00:00Z,0.25\n2026-11-23T00:00:00Z,1.5\n',
      'kWh',
      hour,
      ['0.25', '1.5'],
    ],
    [
      'as portals in Germany give it: semicolons, decimal commas, the day before the month, a preamble',
      '\uFEFFZählpunkt;DE00123\nZeitraum;23.11.2026\n\nDatum;Uhrzeit;Verbrauch (kWh);Status\n' +
        '23.11.2026;00:00;0,250;W\n23.11.2026;00:15;1,500;W\n',
      'kWh',
      hour / 4,
      ['0.250', '1.500'],
    ],
    [
      'in quotes, with an end to each slot',
      '"Start time","End time","Usage (Wh)"\n"2026-11-23 00:00","2026-11-23 06:00","100"\n"2026-11-23 06:00","2026-11-23 12:00","200"',
      'Wh',
      6 * hour,
      ['100', '200'],
    ],
    [
      'the newest first',
      'timestamp\tkWh\n2026-11-23T01:00+01:00\t2\n2026-11-23T00:00+01:00\t1\n',
      'kWh',
      hour,
      ['1', '2'],
    ],
    ['that names no columns and no unit', '2026-11-23 00:00,1\n2026-11-23 01:00,2\n', undefined, hour, ['1', '2']],
    [
      'as tensors show gives it',
      'from,until,energyImport_Wh,uncovered\n2026-11-22T23:00:00.000Z,2026-11-23T00:00:00.000Z,5,\n2026-11-23T00:00:00.000Z,2026-11-23T01:00:00.000Z,6,\n',
      'Wh',
      hour,
      ['5', '6'],
    ],
  ])('%s', (_, file, unit, stepMs, values) => {
    const read = readExport(file, options);
    expect({ ...read, values: read.values.map(({ text }) => text) }).toEqual({ from: midnight, stepMs, unit, values });
  });

  it('without instants says nothing of when', () => {
    expect(readExport('kWh\n1\n2\n', options)).toMatchObject({ from: undefined, stepMs: undefined, unit: 'kWh' });
    expect(texts('1\n\n2\r\n')).toEqual(['1', '2']);
  });

  it('names each value by its line in the file', () => {
    const { values } = readExport('Kunde;1\n\nfrom;kWh\n2026-11-23 00:00;1\n2026-11-23 01:00;\n', options);
    expect(values).toEqual([
      { text: '1', where: 'readings.csv, line 4' },
      { text: '', where: 'readings.csv, line 5' },
    ]);
  });

  it('with several columns that could be meant asks which', () => {
    const file = 'from,Import kWh,Export kWh\n2026-11-23 00:00,1,2\n2026-11-23 01:00,3,4\n';
    expect(codeOf(() => texts(file))).toBe('COLUMN_UNCLEAR');
    expect(texts(file, { column: 'export kWh' })).toEqual(['2', '4']);
    expect(codeOf(() => texts(file, { column: 'export' }))).toBe('COLUMN_UNKNOWN');
    expect(codeOf(() => texts('from,kWh\n2026-11-23 00:00,1\n', { unit: 'Wh' }))).toBe('FIELD_MALFORMED');
  });
});

describe('the local instants of a table', () => {
  const quarters = (...times: string[]) => `from,kWh\n${times.map((time) => `${time},1`).join('\n')}\n`;

  it('may have an hour that comes twice, and one that is leapt over', () => {
    const back = quarters(
      '2026-10-25 01:30',
      '2026-10-25 02:00',
      '2026-10-25 02:30',
      '2026-10-25 02:00',
      '2026-10-25 02:30',
      '2026-10-25 03:00',
    );
    expect(readExport(back, options)).toMatchObject({ stepMs: hour / 2, from: Date.parse('2026-10-24T23:30Z') });
    const forward = quarters('2026-03-29 01:00', '2026-03-29 01:30', '2026-03-29 03:00');
    expect(readExport(forward, options).values).toHaveLength(3);
  });

  it.each<[name: string, file: string, code: string, says: RegExp]>([
    [
      'what is none',
      quarters('2026-11-23 00:00', 'soon', '2026-11-23 00:30', '31.11.2026'),
      'TIME_MALFORMED',
      /readings\.csv, line 3; readings\.csv, line 5/,
    ],
    ['one that no clock has shown', quarters('2026-03-29 01:00', '2026-03-29 02:00'), 'TIME_LEAPT_OVER', /line 3/],
    [
      'a gap',
      quarters('2026-11-23 00:00', '2026-11-23 00:15', '2026-11-23 00:45', '2026-11-23 01:00'),
      'SLOTS_UNEVEN',
      /line 4:/,
    ],
    ['a line that comes twice', quarters('2026-11-23 00:00', '2026-11-23 00:00'), 'SLOTS_UNEVEN', /line 3:/],
  ])('are refused for %s, its lines named', (_, file, code, says) => {
    expect(codeOf(() => texts(file))).toBe(code);
    expect(() => texts(file)).toThrow(says);
  });

  it('are named up to five, the others counted', () => {
    expect(() => texts(quarters(...new Array(8).fill('soon')))).toThrow(/line 2; .*line 6 and 3 more: no instant/);
  });
});

it.each([
  ['with named columns', 'from,kWh\n2026-11-23 00:00,1\n2026-11-23 01:00,1,5\n2026-11-23 02:00,2,5\n'],
  ['without', '\n2026-11-23 00:00,1\n2026-11-23 01:00,1,5\n2026-11-23 02:00,2,5\n'],
])('a number that its comma cuts in two is no other number, in a table %s', (_, file) => {
  expect(() => texts(file)).toThrow(/readings\.csv, line 3; readings\.csv, line 4: more cells than/);
  expect(codeOf(() => texts(file))).toBe('COLUMNS_UNEVEN');
});

const days = (...dates: string[]) => `Datum;kWh\n${dates.map((date) => `${date};1`).join('\n')}\n`;

it.each<[name: string, dates: string[], stepMs: number, steps: number[] | undefined]>([
  ['on which clocks go back', ['2026-10-24', '2026-10-25', '2026-10-26'], hour, [24, 25, 24]],
  ['on which they go back last', ['24.10.2026', '25.10.2026'], hour, [24, 25]],
  ['on which they go forward', ['2026-03-28', '2026-03-29', '2026-03-30'], hour, [24, 23, 24]],
  ['like any other', ['2026-11-22', '2026-11-23'], 24 * hour, undefined],
])('days %s are as long as they were', (_, dates, stepMs, steps) => {
  const read = readExport(days(...dates), options);
  expect([read.stepMs, read.steps]).toEqual([stepMs, steps]);
});

it('a day that is missing is a gap', () => {
  expect(codeOf(() => texts(days('2026-10-23', '2026-10-24', '2026-10-26')))).toBe('SLOTS_UNEVEN');
});

it('commas at the end of a line part nothing', () => {
  expect(texts('from,kWh\n2026-11-23 00:00,1,,\n2026-11-23 01:00,2,\n')).toEqual(['1', '2']);
});

it('a quote without end is told by its line, and nothing of the file', () => {
  expect(() => texts('from,kWh\n2026-11-23 00:00,1\n"123456,7\n')).toThrow(
    /VALUES|readings\.csv cannot be read: line \d/,
  );
  expect(() => texts('from,kWh\n2026-11-23 00:00,1\n"123456,7\n')).not.toThrow(/123456/);
});
