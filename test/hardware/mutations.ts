/**
 * Telegrams of every format, damaged at random: what the tests and the bench throw at the decoders.
 */
import { crcArc, crcKermit, crcX25 } from '../../hardware/crc.ts';
import { decodeTelegrams } from '../../hardware/recording.ts';
import { writeBlock } from '../../hardware/simulator/iec62056-readout.ts';
import { type P1Version, sealP1, writeP1 } from '../../hardware/simulator/p1-telegram.ts';
import { writeSml } from '../../hardware/simulator/sml-telegram.ts';
import type { Telegram } from '../../hardware/telegram.ts';
import type { TelegramFormat } from '../../hardware/telegram-formats.ts';

const keys = { key: Buffer.alloc(16, 7), authenticationKey: Buffer.alloc(16, 9) };
const p1 = (version: P1Version) =>
  writeP1({ version, serial: 'E1', at: 0, importWh: 1, exportWh: 2, watts: 3, volts: 230, gasM3: 4 });
const entries = [
  { obis: '1-0:96.50.1*1', value: 'WVL' },
  { obis: '1-0:1.8.0*255', unit: 30, scaler: -1, value: 123456789n },
  { obis: '1-0:16.7.0*255', unit: 27, scaler: 0, value: -250n },
  { obis: '1-0:96.5.5*255', value: Buffer.alloc(40, 0x1b) },
];
const sml = { serverId: Buffer.from('0a0157564c0000000001', 'hex'), seconds: 1, entries };
const readout = { model: 'TEST', serial: '1', importWh: 1, exportWh: 2, watts: 3 };

export interface Sample {
  readonly format: TelegramFormat;
  readonly telegram: Buffer;
  readonly keys?: typeof keys;
}

/** Only such as have a check: so that every value that a damaged one gives is known to be sound. */
export const samples: readonly Sample[] = [
  { format: 'sml', telegram: writeSml(sml) },
  { format: 'sml', telegram: writeSml({ ...sml, holley: true }) },
  { format: 'dsmr', telegram: p1('5') },
  { format: 'dsmr', telegram: p1('be') },
  { format: 'dsmr', telegram: p1('hu') },
  { format: 'dsmr', telegram: sealP1(p1('lu'), keys), keys },
  { format: 'iec62056', telegram: Buffer.concat([Buffer.from('/WVL5TEST\r\n'), writeBlock(readout)]) },
];

export function mutate(telegram: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(telegram);
  for (let times = 1 + (random() % 4); times > 0; times--) {
    const at = random() % Math.max(bytes.length, 1);
    const other = random() % Math.max(bytes.length, 1);
    const [from, to] = [Math.min(at, other), Math.max(at, other)];
    switch (random() % 6) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (random() % 8));
        break;
      case 1:
        bytes[at] = random() & 0xff;
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(random() & 0xff, random() & 0xff), bytes.subarray(at)]);
        break;
      default:
        bytes = Buffer.concat([bytes, telegram]);
    }
  }
  return bytes;
}

export const slowMs = 10;

export interface Outcome {
  readonly ms: number;
  readonly telegrams: readonly Telegram[];
  /** Values of telegrams that are bad, or whose check is none of those that stand in the bytes. */
  readonly unsound: number;
}

export function decodeMutated({ format, telegram, keys: own }: Sample, random: () => number): Outcome {
  const bytes = mutate(telegram, random);
  const decoded = () => decodeTelegrams(format, bytes, own);
  const first = timed(decoded);
  let { ms } = first;
  // Other processes take their turns, too: what is slow is slow again.
  for (let again = 0; again < 20 && ms > slowMs; again++) ms = Math.min(ms, timed(decoded).ms);
  const telegrams = first.result;
  const sound = soundIn(format, bytes, own !== undefined, telegram);
  // Without an empty line and STX a readout is one that was pushed, and has no check.
  const isPushed = (check: string) => format === 'iec62056' && check === 'none';
  const isUnsound = ({ check, values }: Telegram) =>
    values.size > 0 && (check === 'bad' || !(sound || isPushed(check)));
  return { ms, telegrams, unsound: telegrams.filter(isUnsound).length };
}

function timed<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const started = performance.now();
  const result = work();
  return { ms: performance.now() - started, result };
}

/** Whether anything in the bytes bears a check that fits, found in another way than the decoders do. */
function soundIn(format: TelegramFormat, bytes: Buffer, isSealed: boolean, telegram: Buffer): boolean {
  // What has an authentication tag gives values only if it is there unharmed.
  if (isSealed || bytes.includes(telegram)) return bytes.includes(telegram);
  if (format === 'dsmr') return hasP1Check(bytes);
  if (format === 'sml') return hasSmlCheck(bytes);
  return hasBlockCheck(bytes);
}

function hasP1Check(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  const ends = [...text.matchAll(/!([0-9A-Fa-f]{1,4})/g)];
  const starts = [...text.matchAll(/\//g)];
  return ends.some(({ index: end, 1: digits }) =>
    starts.some(
      ({ index: start }) => start < end && crcArc(bytes.subarray(start, end + 1)) === Number.parseInt(digits ?? '', 16),
    ),
  );
}

function hasSmlCheck(bytes: Buffer): boolean {
  for (
    let start = bytes.indexOf('1b1b1b1b01010101', 0, 'hex');
    start !== -1;
    start = bytes.indexOf('1b1b1b1b01010101', start + 1, 'hex')
  ) {
    for (
      let end = bytes.indexOf('1b1b1b1b1a', start, 'hex');
      end !== -1;
      end = bytes.indexOf('1b1b1b1b1a', end + 1, 'hex')
    ) {
      if (end + 8 > bytes.length) break;
      const body = bytes.subarray(start, end + 6);
      if (crcX25(body) === bytes.readUInt16LE(end + 6) || crcKermit(body) === bytes.readUInt16BE(end + 6)) return true;
    }
  }
  return false;
}

function hasBlockCheck(bytes: Buffer): boolean {
  const plain = bytes.map((byte) => byte & 0x7f);
  return [...plain.keys()].some((at) => {
    if (plain[at] !== 0x03) return false;
    return [...plain.keys()].some((start) => {
      if (plain[start] !== 0x02 || start > at) return false;
      return plain.subarray(start + 1, at + 1).reduce((sum, byte) => sum ^ byte, 0) === plain[at + 1];
    });
  });
}
