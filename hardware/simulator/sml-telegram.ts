/**
 * Writes SML as a meter does: the way back from sml/. Pure.
 */

import { crcKermit, crcX25 } from '../crc.ts';

export interface SmlEntry {
  /** A-B:C.D.E*F, six numbers. */
  readonly obis: string;
  readonly unit?: number;
  readonly scaler?: number;
  /** A string becomes its bytes in latin1. */
  readonly value: bigint | boolean | string | Uint8Array | null;
  readonly status?: number;
  /** Integers are signed unless this says not. */
  readonly unsigned?: boolean;
}

export interface SmlContent {
  readonly serverId: Uint8Array;
  readonly seconds: number;
  readonly entries: readonly SmlEntry[];
  /** As the Holley DTZ541 writes it: a time without its choice, and another check. */
  readonly holley?: boolean;
}

const messageTags = { open: 0x0101, close: 0x0201, list: 0x0701 };
const skipped = Uint8Array.of(0x01);

export function writeSml(content: SmlContent): Buffer {
  const { serverId, seconds, entries, holley = false } = content;
  const time = holley ? unsigned(seconds, 4) : list([unsigned(1, 1), unsigned(seconds, 4)]);
  const rows = entries.map((entry) => entryOf(entry, time));
  const messages = [
    message(1, messageTags.open, [skipped, skipped, octets(Buffer.from('file')), octets(serverId), skipped, skipped]),
    message(2, messageTags.list, [skipped, octets(serverId), skipped, time, list(rows), skipped, skipped]),
    message(3, messageTags.close, [skipped]),
  ];
  return transported(Buffer.concat(messages.map((one) => checked(one, holley))), holley);
}

/** Escapes and fills up to a multiple of four bytes. @see BSI TR-03109-1, annex IV, 8 */
export function transported(file: Buffer, kermit = false): Buffer {
  const escaped: number[] = [];
  let run = 0;
  for (const byte of file) {
    escaped.push(byte);
    run = byte === 0x1b ? run + 1 : 0;
    if (run < 4) continue;
    escaped.push(0x1b, 0x1b, 0x1b, 0x1b);
    run = 0;
  }
  const padding = (4 - (escaped.length % 4)) % 4;
  const head = Buffer.from('1b1b1b1b01010101', 'hex');
  const end = Buffer.of(0x1b, 0x1b, 0x1b, 0x1b, 0x1a, padding);
  const body = Buffer.concat([head, Buffer.from(escaped), Buffer.alloc(padding), end]);
  return Buffer.concat([body, check(body, kermit)]);
}

function message(transaction: number, tag: number, body: readonly Uint8Array[]): Buffer {
  const parts = [octets(Buffer.of(0, transaction)), unsigned(0, 1), unsigned(0, 1)];
  const choice = list([unsigned(tag, 4), list(body)]);
  return Buffer.concat([Buffer.of(0x76), ...parts, choice]);
}

function checked(body: Buffer, kermit: boolean): Buffer {
  return Buffer.concat([body, Buffer.of(0x63), check(body, kermit), Buffer.of(0x00)]);
}

/** X-25 with the low byte first; Kermit, where it is sent, the other way round. */
function check(bytes: Buffer, kermit: boolean): Buffer {
  const crc = Buffer.alloc(2);
  if (kermit) crc.writeUInt16BE(crcKermit(bytes));
  else crc.writeUInt16LE(crcX25(bytes));
  return crc;
}

function entryOf(entry: SmlEntry, time: Uint8Array): Buffer {
  const { obis, status, unit, scaler, value, unsigned: isUnsigned = false } = entry;
  const name = octets(Buffer.from(obis.split(/[-:.*]/).map(Number)));
  return list([
    name,
    status === undefined ? skipped : unsigned(status, 4),
    typeof value === 'bigint' ? time : skipped,
    unit === undefined ? skipped : unsigned(unit, 1),
    scaler === undefined ? skipped : integer(BigInt(scaler), false),
    valueBytes(value, isUnsigned),
    skipped,
  ]);
}

function valueBytes(value: SmlEntry['value'], isUnsigned: boolean): Uint8Array {
  if (value === null) return skipped;
  if (typeof value === 'bigint') return integer(value, isUnsigned);
  if (typeof value === 'boolean') return Buffer.of(0x42, value ? 1 : 0);
  return octets(typeof value === 'string' ? Buffer.from(value, 'latin1') : value);
}

/** In as few bytes as it takes: meters do so. */
function integer(value: bigint, isUnsigned: boolean): Buffer {
  let length = 1;
  const fits = () => (isUnsigned ? BigInt.asUintN(8 * length, value) : BigInt.asIntN(8 * length, value)) === value;
  while (!fits()) length++;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return headed(isUnsigned ? 6 : 5, bytes.subarray(8 - length));
}

function unsigned(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return headed(6, bytes);
}

function octets(bytes: Uint8Array): Buffer {
  return headed(0, bytes);
}

function list(elements: readonly Uint8Array[]): Buffer {
  return Buffer.concat([head(7, elements.length), ...elements]);
}

/** The length counts the head itself. */
function headed(type: number, bytes: Uint8Array): Buffer {
  const short = bytes.length + 1;
  return Buffer.concat([short < 16 ? head(type, short) : head(type, bytes.length + 2), bytes]);
}

function head(type: number, length: number): Buffer {
  if (length < 16) return Buffer.of((type << 4) | length);
  return Buffer.of(0x80 | (type << 4) | (length >> 4), length & 0x0f);
}
