/**
 * What a UART makes of bytes that were sent at another speed or framing than it is set to: the levels on the wire are
 * sampled as it samples them. Pure.
 */
import { charMs, type LineSettings } from '../../hardware/bus/bus-config.ts';

/** @param strict drops what has a wrong parity or no stop bit, as devices do; Linux takes it as it came */
export function heardAt(bytes: Uint8Array, sent: LineSettings, set: LineSettings, strict = false): Buffer {
  const levels = [...bytes].flatMap((byte) => levelsOf(byte, sent));
  const bitMs = 1000 / sent.baudRate;
  const levelAt = (ms: number) => levels[Math.floor(ms / bitMs)] ?? 1;
  const endMs = levels.length * bitMs;
  const heard: number[] = [];
  const stepMs = 1000 / set.baudRate / 16;
  let ms = 0;
  while (ms < endMs) {
    if (levelAt(ms) === 1) {
      ms += stepMs;
      continue;
    }
    const { byte, isSound, isGlitch } = sampled((bits) => levelAt(ms + ((bits + 0.5) * 1000) / set.baudRate), set);
    if (isGlitch) {
      ms += stepMs;
      continue;
    }
    if (isSound || !strict) heard.push(byte);
    ms += charMs({ ...set, stopBits: 1 }) - 500 / set.baudRate;
    // A break: the next start bit comes only after the line was idle.
    while (ms < endMs && levelAt(ms) === 0 && !isSound) ms += stepMs;
  }
  return Buffer.from(heard);
}

/** Start bit, data from the lowest bit on, parity, stop bits. */
function levelsOf(byte: number, { dataBits, parity, stopBits }: LineSettings): number[] {
  const bits = Array.from({ length: dataBits }, (_, bit) => (byte >> bit) & 1);
  return [0, ...bits, ...parityOf(bits, parity), ...Array.from({ length: stopBits }, () => 1)];
}

function parityOf(bits: readonly number[], parity: LineSettings['parity']): number[] {
  if (parity === 'none') return [];
  const odd = bits.reduce((sum, bit) => sum + bit, 0) % 2;
  return [parity === 'even' ? odd : 1 - odd];
}

/** @param levelAt in the middle of a bit, counted from the edge of the start bit */
function sampled(levelAt: (bits: number) => number, { dataBits, parity }: LineSettings) {
  const bits = Array.from({ length: dataBits }, (_, bit) => levelAt(1 + bit));
  const right = parityOf(bits, parity);
  const isParityRight = right.every((level) => level === levelAt(1 + dataBits));
  return {
    byte: bits.reduce((sum, bit, index) => sum | (bit << index), 0),
    isGlitch: levelAt(0) === 1,
    isSound: isParityRight && levelAt(1 + dataBits + right.length) === 1,
  };
}
