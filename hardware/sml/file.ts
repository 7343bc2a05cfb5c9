/**
 * An SML file: its messages, and the values of those that bear some (BSI TR-03109-1, annex IV, 5). Pure.
 */

import { crcKermit, crcX25 } from '../crc.ts';
import { obisOfBytes } from '../obis.ts';
import type { ObisValue, Telegram } from '../telegram.ts';
import { type Element, NotSml, Reader } from './element.ts';
import { directionOf, mendedFor, serialOf } from './quirks.ts';
import { obisValueOf } from './value.ts';

/** SML_GetList.Res: the only message that bears values. */
const getListResponse = 0x0701n;
const parts = 6;
const counter = '1-0:1.8.0';

interface Message {
  readonly tag: bigint;
  readonly body: Element;
  readonly isSound: boolean;
}

/** @param bytes without transport: no escapes, no padding */
export function decodeFile(bytes: Uint8Array): Telegram {
  const values = new Map<string, ObisValue>();
  let serverId: Uint8Array | undefined;
  let status: bigint | undefined;
  let why: string | undefined;
  for (const message of messagesIn(bytes)) {
    if (message instanceof NotSml) {
      why = message.message;
      break;
    }
    if (message.tag !== getListResponse) continue;
    if (!message.isSound) return { check: 'bad', values: new Map(), why: 'the check of a message is wrong' };
    serverId = listIn(message.body, values) ?? serverId;
    status ??= statusOf(counter, message.body);
  }
  const serial = serialOf(serverId ?? octetsOf(values, '1-0:96.1.0'));
  return { check: 'ok', values, direction: directionOf(values, status), serial, why };
}

/** Yields what it is that cannot be read, as the last. */
function* messagesIn(bytes: Uint8Array): Generator<Message | NotSml> {
  const reader = new Reader(bytes);
  try {
    while (!reader.done) {
      // Some meters fill up with more zeros than they say.
      if (bytes[reader.at] === 0x00) reader.at++;
      else yield messageAt(reader);
    }
  } catch (error) {
    if (!(error instanceof NotSml)) throw error;
    yield error;
  }
}

/** transactionId, groupNo, abortOnError, body, crc16, endOfSmlMsg */
function messageAt(reader: Reader): Message {
  const from = reader.at;
  if (reader.bytes[from] !== (0x70 | parts)) throw new NotSml('a message that is no list of six');
  reader.at++;
  for (let index = 0; index < 3; index++) reader.element();
  const choice = reader.element();
  const checked = reader.bytes.subarray(from, reader.at);
  const check = reader.element();
  if (choice.kind !== 'list' || check.kind !== 'integer') throw new NotSml('a message without body or check');
  const [tag, body] = choice.elements;
  if (tag?.kind !== 'integer' || body === undefined) throw new NotSml('a body without a tag');
  // The end of a message is left out by some; what is there besides begins the next one.
  if (reader.bytes[reader.at] === 0x00) reader.at++;
  return { tag: tag.value, body, isSound: isCheckOf(checked, check.value) };
}

/** X-25 with its bytes swapped; or Kermit, which the Holley DTZ541 sends (libsml#75). */
function isCheckOf(bytes: Uint8Array, check: bigint): boolean {
  const x25 = crcX25(bytes);
  const swapped = ((x25 & 0xff) << 8) | (x25 >>> 8);
  return check === BigInt(swapped) || check === BigInt(crcKermit(bytes));
}

/** clientId, serverId, listName, actSensorTime, valList, … @returns the server id */
function listIn(body: Element, values: Map<string, ObisValue>): Uint8Array | undefined {
  if (body.kind !== 'list') return undefined;
  const [, serverId, , , list] = body.elements;
  const server = serverId?.kind === 'octets' ? serverId.bytes : undefined;
  const entries = list?.kind === 'list' ? list.elements : [];
  const meter = server ?? namedIn(entries, '1-0:96.1.0') ?? new Uint8Array();
  for (const entry of entries) {
    if (entry.kind !== 'list') continue;
    // objName, status, valTime, unit, scaler, value, valueSignature
    const [name, , , unit, scaler, value] = entry.elements;
    if (name?.kind !== 'octets') continue;
    const obis = obisOfBytes(name.bytes);
    if (values.has(obis)) continue;
    values.set(obis, obisValueOf(mendedFor(meter, obis, value), unit, scaler));
  }
  return server;
}

function statusOf(obis: string, body: Element): bigint | undefined {
  if (body.kind !== 'list') return undefined;
  const [, , , , list] = body.elements;
  const [, status] = (list?.kind === 'list' && entryOf(obis, list.elements)) || [];
  return status?.kind === 'integer' ? status.value : undefined;
}

function namedIn(entries: readonly Element[], obis: string): Uint8Array | undefined {
  const [, , , , , value] = entryOf(obis, entries) ?? [];
  return value?.kind === 'octets' ? value.bytes : undefined;
}

/** @returns objName, status, valTime, unit, scaler, value, valueSignature */
function entryOf(obis: string, entries: readonly Element[]): readonly Element[] | undefined {
  for (const entry of entries) {
    if (entry.kind !== 'list') continue;
    const [name] = entry.elements;
    if (name?.kind === 'octets' && obisOfBytes(name.bytes) === obis) return entry.elements;
  }
  return undefined;
}

function octetsOf(values: ReadonlyMap<string, ObisValue>, obis: string): Uint8Array | undefined {
  const raw = values.get(obis)?.raw;
  return typeof raw === 'string' ? Buffer.from(raw, 'hex') : undefined;
}
