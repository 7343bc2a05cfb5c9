/**
 * Checks of 16 bits as meters use them, all bitwise reversed. Pure.
 */

const tables = new Map<number, Uint16Array>();

/** @param polynomial in reversed notation */
function crc16(bytes: Uint8Array, polynomial: number, start: number): number {
  const table = tableOf(polynomial);
  let crc = start;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return crc;
}

/** CRC-16/ARC: of DSMR P1 telegrams (P1 companion standard 5.0.2, 5.2). */
export function crcArc(bytes: Uint8Array): number {
  return crc16(bytes, 0xa001, 0);
}

/** CRC-16/X-25 (DIN EN 62056-46): of SML. */
export function crcX25(bytes: Uint8Array): number {
  return crc16(bytes, 0x8408, 0xffff) ^ 0xffff;
}

/** CRC-16/Kermit: what some meters send where X-25 is due. */
export function crcKermit(bytes: Uint8Array): number {
  return crc16(bytes, 0x8408, 0);
}

function tableOf(polynomial: number): Uint16Array {
  const known = tables.get(polynomial);
  if (known) return known;
  const table = Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
  tables.set(polynomial, table);
  return table;
}
