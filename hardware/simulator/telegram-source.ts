/**
 * What a simulated meter that sends telegrams says at an instant, in the format that it is asked for.
 */

import { writeBlock, writePushed } from './iec62056-readout.ts';
import { type Load, LoadCounter } from './load.ts';
import { type P1Version, sealP1, writeP1 } from './p1-telegram.ts';
import { writeSml } from './sml-telegram.ts';

export interface TelegramMeter {
  readonly load: Load;
  /** What the counters said at `since`. */
  readonly energyWh?: number;
  readonly exportWh?: number;
  /** From when the load counts; the start of the simulator if not given. */
  readonly since?: number;
  readonly serialNumber?: number;
}

export type TelegramWriting =
  | {
      readonly protocol: 'dsmr';
      readonly version?: P1Version;
      readonly keys?: { readonly key: Uint8Array; readonly authenticationKey: Uint8Array };
    }
  | {
      readonly protocol: 'sml';
      readonly holley?: boolean;
      /** Its PIN was not entered: whole kilowatt hours, and no power. */
      readonly locked?: boolean;
    }
  | { readonly protocol: 'iec62056' };

/** Instants in milliseconds since 1970. */
export type TelegramSource = (at: number) => Buffer;

const volts = 230;
const model = 'WATTVEIL';
/** Units of DLMS. */
const wattHours = 30;
const watt = 27;
const volt = 35;
const ampere = 33;

export function telegramSource(meter: TelegramMeter, writing: TelegramWriting, started: number): TelegramSource {
  const measure = measuring(meter, started);
  const number = meter.serialNumber ?? 10_001;
  switch (writing.protocol) {
    case 'dsmr': {
      const { version = '5', keys } = writing;
      const serial = `E${String(number).padStart(10, '0')}`;
      let count = 0;
      return (at) => {
        const telegram = writeP1({ version, serial, at, ...measure(at), volts });
        return keys === undefined ? telegram : sealP1(telegram, keys, ++count);
      };
    }
    case 'sml': {
      const { holley = false, locked = false } = writing;
      const contentOf = locked ? lockedSmlOf : smlOf;
      return (at) => writeSml({ ...contentOf(number, measure(at)), seconds: uptime(at, started), holley });
    }
    case 'iec62056':
      return (at) => writePushed({ model, serial: String(number), ...measure(at) });
  }
}

/** The block that an IEC 62056-21 meter gives when it is asked. */
export function blockSource(meter: TelegramMeter, started: number): TelegramSource {
  const measure = measuring(meter, started);
  return (at) => writeBlock({ model, serial: String(meter.serialNumber ?? 10_001), ...measure(at) });
}

type Measuring = (at: number) => { readonly watts: number; readonly importWh: number; readonly exportWh: number };

function measuring(meter: TelegramMeter, started: number): Measuring {
  const start = { import: meter.energyWh ?? 0, export: meter.exportWh ?? 0 };
  const counter = new LoadCounter(meter.load, meter.since ?? started, start);
  return (at) => counter.at(at);
}

function uptime(at: number, started: number): number {
  return Math.max(0, Math.floor((at - started) / 1000));
}

const kilo = 3;

function lockedSmlOf(number: number, measured: ReturnType<Measuring>) {
  const { serverId, entries } = smlOf(number, measured);
  const wholeKwh = (wh: number) => BigInt(Math.floor(wh / 1000));
  const energies = [
    { obis: '1-0:1.8.0*255', unit: wattHours, scaler: kilo, value: wholeKwh(measured.importWh), unsigned: true },
    { obis: '1-0:2.8.0*255', unit: wattHours, scaler: kilo, value: wholeKwh(measured.exportWh), unsigned: true },
  ];
  return { serverId, entries: [...entries.filter(({ unit }) => unit === undefined), ...energies] };
}

function smlOf(number: number, { watts, importWh, exportWh }: ReturnType<Measuring>) {
  const serverId = Buffer.concat([Buffer.from('0a01', 'hex'), Buffer.from('WVL'), Buffer.of(0), Buffer.alloc(4)]);
  serverId.writeUInt32BE(number, 6);
  const tenths = (value: number) => BigInt(Math.floor(Math.round(value * 1e4) / 1e3));
  return {
    serverId,
    entries: [
      { obis: '1-0:96.50.1*1', value: 'WVL' },
      { obis: '1-0:96.1.0*255', value: serverId },
      { obis: '1-0:1.8.0*255', unit: wattHours, scaler: -1, value: tenths(importWh), unsigned: true },
      { obis: '1-0:2.8.0*255', unit: wattHours, scaler: -1, value: tenths(exportWh), unsigned: true },
      { obis: '1-0:16.7.0*255', unit: watt, scaler: 0, value: BigInt(Math.round(watts)) },
      { obis: '1-0:32.7.0*255', unit: volt, scaler: -1, value: tenths(volts), unsigned: true },
      { obis: '1-0:31.7.0*255', unit: ampere, scaler: -2, value: BigInt(Math.round((Math.abs(watts) / volts) * 100)) },
    ],
  };
}
