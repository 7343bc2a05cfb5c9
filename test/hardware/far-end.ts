/** What hangs on a pseudo-terminal behind a UART of its own, which may be set otherwise than the line. */
import { execFileSync } from 'node:child_process';
import type { LineSettings } from '../../hardware/bus/bus-config.ts';
import { settingsOf } from '../../hardware/bus/settings-text.ts';
import { openPty } from '../../hardware/simulator/pty.ts';
import { SimulatedDevices } from '../../hardware/simulator/simulated-devices.ts';
import { type TelegramWriting, telegramSource } from '../../hardware/simulator/telegram-source.ts';
import { ends } from '../ends.ts';
import { heardAt } from './uart.ts';

export interface FarEnd {
  readonly path: string;
  close(): void;
}

/** An SDM630 at address 1. @param host what the line is set to, but for its speed */
export function farModbus(own: LineSettings, host: LineSettings): FarEnd {
  const { path, wire, say } = openPty();
  const devices = new SimulatedDevices([{ address: 1, profile: 'eastron-sdm630', load: 1150 }], () => 0);
  wire.on('error', () => {});
  wire.on('data', (bytes: Buffer) => {
    const set = setTo(path, host);
    for (const answer of devices.hear(heardAt(bytes, set, own, true))) say(heardAt(answer.bytes, own, set));
  });
  return { path, close: () => void wire.destroy() };
}

/** A meter that sends by itself. @param host as for `farModbus` */
export function farTelegrams(own: LineSettings, host: LineSettings, writing: TelegramWriting): FarEnd {
  const { path, wire, say } = openPty();
  const source = telegramSource({ load: 100 }, writing, 0);
  wire.on('error', () => {}).on('data', () => {});
  const timer = setInterval(() => say(heardAt(source(0), own, setTo(path, host))), 100);
  return {
    path,
    close() {
      clearInterval(timer);
      wire.destroy();
    },
  };
}

/** @param text like 9600 8N1 */
export function line(text: string): LineSettings {
  const settings = settingsOf(text);
  if (settings === undefined) throw new Error(`${text} is no setting of a line`);
  return settings;
}

/** A pseudo-terminal has no speed, but knows which one was set. */
function setTo(path: string, others: LineSettings): LineSettings {
  return { ...others, baudRate: Number(execFileSync('stty', ['-F', path, 'speed'], { ...ends, encoding: 'utf8' })) };
}
