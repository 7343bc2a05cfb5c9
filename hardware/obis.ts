/**
 * OBIS codes (IEC 62056-61): what a value is. Pure.
 */

/** @returns A-B:C.D.E, and *F where F is not 255, "no further distinction"; other bytes in hex */
export function obisOfBytes(bytes: Uint8Array): string {
  if (bytes.length !== 6) return Buffer.from(bytes).toString('hex');
  const [a, b, c, d, e, f] = bytes;
  return obisOfText(`${a}-${b}:${c}.${d}.${e}*${f}`);
}

export function obisOfText(text: string): string {
  return text.replace(/[*&]255$/, '');
}
