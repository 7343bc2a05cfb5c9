import { expect, test } from 'vitest';
import { crcX25 } from '../../../hardware/crc.ts';
import { measuredIn } from '../../../hardware/obis-quantities.ts';
import { decodeTelegrams } from '../../../hardware/recording.ts';
import { type SmlContent, type SmlEntry, transported, writeSml } from '../../../hardware/simulator/sml-telegram.ts';
import { SmlFramer } from '../../../hardware/sml/framer.ts';
import { lacksPin } from '../../../hardware/sml/quirks.ts';

const serverId = (maker: string, number: number) => {
  const id = Buffer.from(`0a01${Buffer.from(maker).toString('hex')}0000000000`, 'hex');
  id.writeUInt32BE(number, 6);
  return id;
};
const energy: SmlEntry = { obis: '1-0:1.8.0*255', unit: 30, scaler: -1, value: 123456789012n, unsigned: true };
const power: SmlEntry = { obis: '1-0:16.7.0*255', unit: 27, scaler: -2, value: -32731n };
const meter: SmlContent = { serverId: serverId('EMH', 10599732), seconds: 7, entries: [energy, power] };
const decode = (bytes: Uint8Array) => decodeTelegrams('sml', bytes);
const valuesOf = (content: SmlContent) => Object.fromEntries(decode(writeSml(content))[0]?.values ?? []);
const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

/** Byte by byte, so that the writer here cannot share a mistake with the reader. */
const byHand = hex(`
  1b1b1b1b 01010101
  76 0200 6200 6200 72 6500000701 77 01 0b0a01454d480000a1bd34 01 01
    f10172 77070100600100ff 01010101 0b0a01454d480000a1bd34 01
    77 070100010800ff 6500001a04 72620165000a1b2c 621e 52ff 560000bc614e 01
  01 01 63 `);

test('a telegram written out byte by byte means what it says, whatever its list has for a head', () => {
  // Its message has two entries, though a list of 18 is announced by a head of two bytes: so nothing of it is believed.
  const [telegram] = decode(transported(Buffer.concat([byHand.subarray(8), hex('0000 00')])));
  expect(telegram).toMatchObject({ check: 'ok', values: new Map() });
  expect(telegram?.why).toBeDefined();
});

test('values come exact, whatever their scaler; what is no number as text, hex or truth; what is missing as null', () => {
  const entries: SmlEntry[] = [
    energy,
    { ...power, scaler: -4 },
    { obis: '1-0:2.8.0*255', unit: 30, scaler: 3, value: 17n },
    { obis: '1-0:36.7.0*255', unit: 27, value: -1n },
    { obis: '1-0:31.7.0*255', unit: 33, scaler: -2, value: null },
    { obis: '1-0:96.50.1*1', value: 'EMH' },
    { obis: '1-0:96.1.0*255', value: serverId('EMH', 1) },
    { obis: '1-0:96.5.5*255', value: true },
  ];
  expect(valuesOf({ ...meter, entries })).toEqual({
    '1-0:1.8.0': { raw: 123456789012n, scaler: -1, unit: 'Wh', value: '12345678901.2' },
    '1-0:16.7.0': { raw: -32731n, scaler: -4, unit: 'W', value: '-3.2731' },
    '1-0:2.8.0': { raw: 17n, scaler: 3, unit: 'Wh', value: '17000' },
    '1-0:36.7.0': { raw: -1n, scaler: 0, unit: 'W', value: '-1' },
    '1-0:31.7.0': { raw: null, scaler: null, unit: null, value: null },
    '1-0:96.50.1*1': { raw: '454d48', scaler: null, unit: null, value: 'EMH' },
    '1-0:96.1.0': { raw: '0a01454d480000000001', scaler: null, unit: null, value: '0a01454d480000000001' },
    '1-0:96.5.5': { raw: true, scaler: null, unit: null, value: 'true' },
  });
  expect(decode(writeSml(meter))[0]?.serial).toBe('1EMH0010599732');
  // As older meters write it, and as one that knows no such numbers.
  const written = (id: string) => decode(writeSml({ ...meter, serverId: hex(id) }))[0]?.serial;
  expect(written('09014553591103b599a5')).toBe('1ESY1162232997');
  expect(written('06454d4801027156cd45')).toBe('06454d4801027156cd45');
});

test.each(['1b1b1b1b', '1b1b1b1b1b1b1b1b1b', '001b1b1b1b1a00', '1b1b1b1b01010101', '1b1b1b', '1b', '1b1b'])(
  'escapes in data stay data: %s',
  (data) => {
    for (let before = 0; before < 5; before++) {
      const value = Buffer.concat([Buffer.alloc(before), hex(data)]);
      const content = { ...meter, entries: [{ obis: '129-129:199.130.5*255', value }, energy] };
      expect(valuesOf(content)).toMatchObject({
        '129-129:199.130.5': { raw: value.toString('hex') },
        '1-0:1.8.0': { value: '12345678901.2' },
      });
    }
  },
);

test('data that end in 1B right before the end, without padding, are told from the escape', () => {
  for (let ones = 1; ones < 4; ones++) {
    const file = Buffer.concat([Buffer.alloc(4 - ones), Buffer.alloc(ones, 0x1b)]);
    expect(decode(transported(file))).toMatchObject([{ check: 'ok' }]);
  }
});

test('a file of whole fours is read, whether nothing fills it up or four bytes more, as DZG sends it', () => {
  const whole = writeSml(meter);
  const padding = whole[whole.length - 3] ?? 0;
  const filled = (bytes: number) => {
    const body = Buffer.concat([whole.subarray(0, -8 - padding), Buffer.alloc(bytes), hex(`1b1b1b1b1a0${bytes}`)]);
    const check = Buffer.alloc(2);
    check.writeUInt16LE(crcX25(body));
    return Buffer.concat([body, check]);
  };
  expect([0, 3, 4].map((bytes) => decode(filled(bytes)).map(({ check, values }) => [check, values.size]))).toEqual([
    [['ok', 2]],
    [['ok', 2]],
    [['ok', 2]],
  ]);
  expect(decode(filled(5))).toEqual([]);
});

test('the Holley DTZ541 writes times without their choice, and checks by Kermit', () => {
  expect(valuesOf({ ...meter, holley: true })).toMatchObject({
    '1-0:1.8.0': { value: '12345678901.2' },
    '1-0:16.7.0': { value: '-327.31' },
  });
});

test.each([
  ['DZG', 46_500_095, '328.05'],
  ['DZG', 55_000_000, '328.05'],
  ['DZG', 60_000_000, '-327.31'],
  ['EMH', 46_500_095, '-327.31'],
])('%s number %i means %s W, for some DZG DVS74 send what has no sign as signed', (maker, number, watts) => {
  const content = { ...meter, serverId: serverId(maker, number) };
  expect(valuesOf(content)).toMatchObject({ '1-0:16.7.0': { value: watts } });
  // A negative value they never shorten.
  const negative = { ...content, entries: [{ ...power, value: -126_061n }] };
  expect(valuesOf(negative)).toMatchObject({ '1-0:16.7.0': { value: '-1260.61' } });
});

test.each([
  ['EMH', 0x182, 126.6],
  ['EMH', 0x1b0, -126.6],
  ['EMH', undefined, undefined],
  ['DZG', 0x1b0, undefined],
])('power without a sign of a meter of %s that says %s beside its counter is one of %s W', (maker, status, watts) => {
  const entries: SmlEntry[] = [
    { obis: '129-129:199.130.3*255', value: maker },
    { ...energy, ...(status !== undefined && { status }) },
    { obis: '1-0:15.7.0*255', unit: 27, scaler: -1, value: 1266n },
  ];
  const [telegram] = decode(writeSml({ ...meter, entries }));
  // What it says of itself stays as it was sent.
  expect(telegram?.values.get('1-0:15.7.0')).toMatchObject({ value: '126.6' });
  const measured = telegram === undefined ? [] : measuredIn(telegram);
  expect(measured.find(({ quantity }) => quantity === 'power')?.value).toBe(watts);
});

test('a meter whose PIN was not entered is known by whole kilowatt hours and no power', () => {
  const lacks = (entries: SmlEntry[]) => lacksPin(decode(writeSml({ ...meter, entries })).flatMap(measuredIn));
  expect(lacks([{ ...energy, scaler: 3, value: 12n }])).toBe(true);
  expect(lacks([energy])).toBe(false);
  expect(lacks([{ ...energy, scaler: 3, value: 12n }, power])).toBe(false);
  expect(lacks([power])).toBe(false);
});

test('telegrams are found in a stream that begins and ends in the middle of one, and holds anything else', () => {
  const one = writeSml(meter);
  const stream = Buffer.concat([
    one.subarray(40),
    Buffer.from('noise'),
    one,
    one.subarray(0, 60),
    one,
    hex('1b1b1b1b03040506 1b 1b1b 01'),
    one,
    one.subarray(0, -1),
  ]);
  expect(decode(stream).map(({ check }) => check)).toEqual(['ok', 'ok', 'ok']);
  const framer = new SmlFramer();
  const byByte = [...stream].flatMap((byte) => framer.push(Uint8Array.of(byte)));
  expect(byByte).toEqual(decode(stream));
});

test('a wrong check of the transport or of a message gives no values, and what follows is read', () => {
  const one = writeSml(meter);
  const broken = Buffer.from(one);
  broken.writeUInt8(broken.readUInt8(100) ^ 4, 100);
  expect(decode(Buffer.concat([broken, one])).map(({ check, values }) => [check, values.size])).toEqual([
    ['bad', 0],
    ['ok', 2],
  ]);
  const message = transported(Buffer.from(broken.subarray(8, broken.lastIndexOf('1b1b1b1b1a', undefined, 'hex'))));
  expect(decode(message).map(({ check, values }) => [check, values.size])).toEqual([['bad', 0]]);
});

test('a stream that never ends a telegram is forgotten, and the next one found', () => {
  const one = writeSml(meter);
  const framer = new SmlFramer();
  expect(framer.push(Buffer.concat([one.subarray(0, 90), Buffer.alloc(100_000, 0x55)]))).toEqual([]);
  expect(framer.push(one)).toMatchObject([{ check: 'ok' }]);
});
