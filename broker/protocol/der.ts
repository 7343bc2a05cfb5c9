/**
 * DER (X.690), read strictly: definite shortest lengths, low tags, nothing left over. As much as a certificate needs.
 */

/** One element: where it and its content lie in the bytes. */
export interface DerElement {
  readonly tag: number;
  /** Tag, length and content. */
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}

export const derTag = {
  integer: 0x02,
  bitString: 0x03,
  objectId: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[0]` around the version of a certificate. */
  explicit0: 0xa0,
} as const;

/** @returns the elements that fill `bytes` from end to end, or undefined where they do not */
export function derElements(bytes: Uint8Array): DerElement[] | undefined {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = elementAt(bytes, at);
    if (element === undefined) return undefined;
    elements.push(element);
    at += element.bytes.length;
  }
  return elements;
}

/** @returns what stands in a sequence or set, or undefined where the element is none of that tag or does not parse */
export function derInside(element: DerElement | undefined, tag: number): DerElement[] | undefined {
  return element?.tag === tag ? derElements(element.content) : undefined;
}

/** An instant in ms since 1970, from the two forms RFC 5280 4.1.2.5 allows. */
export function derTime(element: DerElement | undefined): number | undefined {
  if (element === undefined) return undefined;
  const text = Buffer.from(element.content).toString('latin1');
  if (element.tag === derTag.generalizedTime) return instant(text);
  if (element.tag !== derTag.utcTime) return undefined;
  return instant(`${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`);
}

function elementAt(bytes: Uint8Array, at: number): DerElement | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  // 0x80 is an indefinite length; four bytes of length are more than any certificate has.
  if (first === 0x80 || lengthBytes > 3) return undefined;
  let length = first < 0x80 ? first : 0;
  for (let k = 0; k < lengthBytes; k++) length = length * 256 + (bytes[at + 2 + k] ?? 0);
  const shortest = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
  const start = at + 2 + lengthBytes;
  if (lengthBytes !== shortest || start + length > bytes.length) return undefined;
  return { tag, bytes: bytes.subarray(at, start + length), content: bytes.subarray(start, start + length) };
}

function instant(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}
