/**
 * Two devices that speak at once: on a line a 0 beats a 1, and one of them begins a little later. Pure.
 */

const laterBytes = 3;
const idle = 0xff;

export function collision(one: Buffer, other: Buffer): Buffer {
  const length = Math.max(one.length, other.length + laterBytes);
  return Buffer.from(Array.from({ length }, (_, index) => (one[index] ?? idle) & (other[index - laterBytes] ?? idle)));
}
