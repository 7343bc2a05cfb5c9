/**
 * CBOR as it is written, byte by byte, with the name of every field beside its bytes. Knows none of the messages.
 */

/** Keys whose bytes are signed CBOR themselves, and so are shown opened; elsewhere `set` is a hash. */
const nested = ['members', 'agreement', 'set'];
const hashBytes = 32;
const bytesShown = 32;
const column = 42;

interface At {
  readonly bytes: Uint8Array;
  at: number;
}

/** @param name what the whole is; one line for each item */
export function annotate(bytes: Uint8Array, name: string): string[] {
  const reader: At = { bytes, at: 0 };
  const lines = item(reader, name, 0);
  if (reader.at !== bytes.length) throw new RangeError(`${name}: bytes after its end`);
  return lines;
}

/** `[payload, signature]`, the payload opened. */
export function annotateSigned(bytes: Uint8Array, name: string): string[] {
  return signedItem({ bytes, at: 0 }, name, 0);
}

function signedItem(reader: At, name: string, depth: number): string[] {
  const array = take(reader, 1);
  const payload = head(reader);
  const lines = [
    line(array, depth, `${name}: [payload, signature]`),
    line(payload.bytes, depth + 1, `payload: ${payload.count} bytes, which are`),
    ...item(reader, '', depth + 2),
  ];
  const signature = head(reader);
  const start = line(signature.bytes, depth + 1, `signature: ${signature.count} bytes`);
  return [...lines, start, dataLine(take(reader, signature.count), depth + 2)];
}

function item(reader: At, name: string, depth: number): string[] {
  const { major, count, bytes } = head(reader);
  switch (major) {
    case 0:
      return [line(bytes, depth, `${label(name)}${count}`)];
    case 1:
      return [line(bytes, depth, `${label(name)}${-1 - count}`)];
    case 2:
      return byteString(reader, { name, depth, bytes, count });
    case 3: {
      const text = take(reader, count);
      return [line(Buffer.concat([bytes, text]), depth, `${label(name)}"${Buffer.from(text).toString()}"`)];
    }
    case 4: {
      const items = Array.from({ length: count }, (_, at) => item(reader, `${at + 1}.`, depth + 1));
      return [line(bytes, depth, `${label(name)}list of ${count}`), ...items.flat()];
    }
    case 5:
      return [line(bytes, depth, `${label(name)}map of ${count}`), ...pairs(reader, count, depth + 1)];
    default:
      return [line(bytes, depth, `${label(name)}${bytes[0] === 0xf5 ? 'true' : '?'}`)];
  }
}

function pairs(reader: At, count: number, depth: number): string[] {
  return Array.from({ length: count }, () => {
    const key = head(reader);
    const name = take(reader, key.count);
    const text = Buffer.from(name).toString();
    return [line(Buffer.concat([key.bytes, name]), depth, `key ${text}`), ...item(reader, text, depth + 1)];
  }).flat();
}

function byteString(
  reader: At,
  { name, depth, bytes, count }: { name: string; depth: number; bytes: Uint8Array; count: number },
): string[] {
  const content = take(reader, count);
  const start = line(bytes, depth, `${label(name)}${count} bytes`);
  if (count === 0) return [start];
  if (nested.includes(name) && count > hashBytes)
    return [start, ...signedItem({ bytes: content, at: 0 }, name, depth + 1)];
  return [start, dataLine(content, depth + 1)];
}

function head(reader: At): { major: number; count: number; bytes: Uint8Array } {
  const start = reader.at;
  const [initial = 0] = take(reader, 1);
  const info = initial & 0x1f;
  let count = info;
  if (info >= 24) {
    count = 0;
    for (const byte of take(reader, 1 << (info - 24))) count = count * 256 + byte;
  }
  return { major: initial >> 5, count, bytes: reader.bytes.subarray(start, reader.at) };
}

function take(reader: At, count: number): Uint8Array {
  const end = reader.at + count;
  if (end > reader.bytes.length) throw new RangeError('cut off');
  const taken = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return taken;
}

const label = (name: string) => (name === '' ? '' : `${name}: `);

function dataLine(bytes: Uint8Array, depth: number): string {
  const shown = Buffer.from(bytes.subarray(0, bytesShown)).toString('hex');
  return `${'  '.repeat(depth)}${shown}${bytes.length > bytesShown ? `… and ${bytes.length - bytesShown} more` : ''}`;
}

function line(bytes: Uint8Array, depth: number, says: string): string {
  return `${'  '.repeat(depth)}${Buffer.from(bytes).toString('hex')}`.padEnd(column).concat('  ', says);
}
