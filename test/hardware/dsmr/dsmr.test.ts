import { expect, test } from 'vitest';
import { crcArc } from '../../../hardware/crc.ts';
import { instantOf, writeInstant } from '../../../hardware/dsmr/instant.ts';
import { measuredIn } from '../../../hardware/obis-quantities.ts';
import { decodeTelegrams } from '../../../hardware/recording.ts';
import { type P1Version, sealP1, writeP1 } from '../../../hardware/simulator/p1-telegram.ts';

const at = Date.UTC(2026, 10, 23, 18);
const content = { serial: 'E0012345678', at, importWh: 23_200, exportWh: 17, watts: -250, volts: 230, gasM3: 12.5 };
const telegram = (version: P1Version = '5') => writeP1({ ...content, version });
const decode = (text: string | Uint8Array) =>
  decodeTelegrams('dsmr', typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
/** What a telegram with these lines says. */
const valuesOf = (...lines: string[]) => {
  const body = `/WVL5TEST\r\n\r\n${lines.join('\r\n')}\r\n!`;
  const [found] = decode(`${body}${crcArc(Buffer.from(body)).toString(16)}\r\n`);
  return Object.fromEntries(found?.values ?? []);
};
const keys = { key: Buffer.alloc(16, 7), authenticationKey: Buffer.from('00112233445566778899AABBCCDDEEFF', 'hex') };

test.each<[P1Version, string, string | undefined]>([
  ['2.2', 'none', '0-1:24.3.0'],
  ['4', 'ok', '0-1:24.2.1'],
  ['5', 'ok', '0-1:24.2.1'],
  ['be', 'ok', '0-1:24.2.3'],
  ['lu', 'ok', '0-1:24.2.1'],
  ['se', 'ok', '0-1:24.2.1'],
  ['hu', 'ok', '0-1:24.2.1'],
])(
  'version %s: its check is %s, its gas at %s, and energies are totals or the sum of tariffs',
  (version, check, gas) => {
    const [found] = decode(telegram(version));
    expect(found).toMatchObject({ check, serial: content.serial, at: version === '2.2' ? undefined : at });
    expect(found?.values.get(gas ?? '')).toEqual({ raw: 12500n, scaler: -3, unit: 'm3', value: '12.500' });
    expect(found === undefined ? [] : measuredIn(found)).toEqual(
      expect.arrayContaining([
        { quantity: 'energyImport', unit: 'Wh', value: 23_200 },
        { quantity: 'energyExport', unit: 'Wh', value: 17 },
        { quantity: 'power', unit: 'W', value: -250 },
      ]),
    );
  },
);

test('numbers come exact, counts as numbers; names, moments and texts as they were sent; logs whole', () => {
  const log = '(1)(0-0:96.7.19)(190326095015W)(0000002014*s)';
  const line = '1-0:98.1.0(230701000000S)(000040.777*kWh)(03.564*kW)';
  expect(
    valuesOf(
      '1-0:1.8.0*255(00052185.7825309*kWh )',
      '0-0:96.14.0(0002)',
      '0-0:96.7.21(00015)',
      '1-0:13.7.0(4.556)',
      '0-0:96.13.0()',
      '0-1:24.2.1(700101010000W)(00000000)',
      '1-0:1.6.0(200509134558S)(02.589*kW)',
      `1-0:99.97.0${log}`,
      line,
      '0-1:96.1.0(4B384547)',
    ),
  ).toEqual({
    '1-0:1.8.0': { raw: 521857825309n, scaler: -7, unit: 'kWh', value: '52185.7825309' },
    '0-0:96.14.0': { raw: '0002', scaler: null, unit: null, value: '0002' },
    '0-0:96.7.21': { raw: 15n, scaler: 0, unit: null, value: '15' },
    '1-0:13.7.0': { raw: 4556n, scaler: -3, unit: null, value: '4.556' },
    '0-0:96.13.0': { raw: null, scaler: null, unit: null, value: null },
    '0-1:24.2.1': { raw: 0n, scaler: 0, unit: null, value: '0' },
    '1-0:1.6.0': { raw: 2589n, scaler: -3, unit: 'kW', value: '2.589' },
    '1-0:99.97.0': { raw: log, scaler: null, unit: null, value: log },
    '1-0:98.1.0': { raw: line.slice(10), scaler: null, unit: null, value: line.slice(10) },
    '0-1:96.1.0': { raw: '4B384547', scaler: null, unit: null, value: '4B384547' },
  });
});

test('a check may lack leading zeros, or be followed by a NUL; one that is missing where it must be is bad', () => {
  let unpadded = '';
  for (let importWh = 0; unpadded === ''; importWh++) {
    const text = writeP1({ ...content, importWh, version: '5' }).toString('latin1');
    if (text.includes('!0')) unpadded = text.replace('!0', '!');
  }
  const whole = telegram().toString('latin1');
  const checkOf = (text: string) => decode(text)[0]?.check;
  expect(checkOf(unpadded)).toBe('ok');
  expect(checkOf(whole.replace(/\r\n$/, '\0\r\n'))).toBe('ok');
  expect(checkOf(whole.replace(/\r\n$/, ''))).toBe('ok');
  expect(checkOf(whole.replace(/![0-9A-F]+/, '!'))).toBe('bad');
  // As editors and terminals save it: all line ends changed alike. Some of them changed is damage.
  for (const end of ['\n', '\n\n', '\r\r\n']) expect(checkOf(whole.replaceAll('\r\n', end))).toBe('ok');
  expect(checkOf(whole.replace('\r\n', '\n'))).toBe('bad');
  expect(checkOf(whole.replace(/![0-9A-F]/, '!G'))).toBe('bad');
});

test('telegrams are found in a stream that begins in the middle of one, breaks one off, and holds anything else', () => {
  const one = telegram();
  const stream = Buffer.concat([
    one.subarray(100),
    one,
    one.subarray(0, 95),
    one,
    Buffer.alloc(300, 0xff),
    Buffer.from('\n'),
    one,
    one.subarray(0, 200),
  ]);
  expect(decode(stream).map(({ check }) => check)).toEqual(['ok', 'ok', 'ok']);
});

test('what happens to begin and end like a telegram without a check is none', () => {
  expect(decode('\0/\x12\x07A\r\n!\r\n').map(({ check }) => check)).toEqual(['bad']);
  expect(decode('/KMP5 KA6\r\n\x021.8.1(00185.000*kWh)\r\n!\r\n\x03W').map(({ check }) => check)).toEqual(['bad']);
  expect(decode('/KMP5 KA6\r\n\r\n1-0:1.8.1(00185.000*kWh)\r\n!\r\n').map(({ check }) => check)).toEqual(['none']);
});

test('a stream without line ends is forgotten, and the next telegram found', () => {
  const stream = Buffer.concat([
    telegram().subarray(0, 90),
    Buffer.alloc(200_000, 0x31),
    Buffer.from('\r\n'),
    telegram(),
  ]);
  expect(decode(stream).map(({ check }) => check)).toEqual(['ok']);
});

test('an encrypted port is opened by its key alone', () => {
  const sealed = Buffer.concat([Buffer.of(0xdb, 8, 1), sealP1(telegram('lu'), keys), sealP1(telegram('lu'), keys, 2)]);
  const checks = (with_: typeof keys) =>
    decodeTelegrams('dsmr', sealed, with_).map(({ check, values }) => [check, values.size]);
  expect(checks(keys)).toEqual([
    ['ok', 9],
    ['ok', 9],
  ]);
  expect(checks({ ...keys, key: Buffer.alloc(16) })).toEqual([
    ['bad', 0],
    ['bad', 0],
  ]);
  expect(checks({ ...keys, authenticationKey: Buffer.alloc(16) })[0]).toEqual(['bad', 0]);
});

test('a moment is local time with a letter for summer or winter; another one is none', () => {
  expect(instantOf('101209112500W')).toBe(Date.UTC(2010, 11, 9, 10, 25));
  expect(instantOf('100709112500S')).toBe(Date.UTC(2010, 6, 9, 9, 25));
  expect(instantOf(writeInstant(at))).toBe(at);
  expect(['632525252525W', '101209112500', '', undefined].map((text) => instantOf(text))).toEqual(
    Array(4).fill(undefined),
  );
});
