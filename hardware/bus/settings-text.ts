/**
 * The settings of a line as people write them: 9600 8N1.
 */
import type { LineSettings } from './bus-config.ts';

/** 9600 8N1 */
export function settingsText({ baudRate, dataBits, parity, stopBits }: LineSettings): string {
  return `${baudRate} ${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`;
}

export function settingsOf(text: string): LineSettings | undefined {
  const [, baud, data, parity, stop] = /^(\d+) ([78])([NEO])([12])$/.exec(text) ?? [];
  if (baud === undefined) return undefined;
  return {
    baudRate: Number(baud),
    dataBits: data === '7' ? 7 : 8,
    parity: parity === 'N' ? 'none' : parity === 'E' ? 'even' : 'odd',
    stopBits: stop === '2' ? 2 : 1,
  };
}
