/**
 * Writes readouts as IEC 62056-21 has them. Pure.
 */

export interface Readout {
  /** Manufacturer's three letters and the letter of the speed are put before it. */
  readonly model: string;
  readonly serial: string;
  readonly importWh: number;
  readonly exportWh: number;
  readonly watts: number;
}

/** The lines between the identification and the end. */
function dataLines({ serial, importWh, exportWh, watts }: Readout): string {
  const kwh = (wh: number) => (Math.floor(wh) / 1000).toFixed(3).padStart(10, '0');
  const kilowatts = (watts / 1000).toFixed(3);
  const lines = [`0.0.0(${serial})`, `1.8.0(${kwh(importWh)}*kWh)`, `2.8.0(${kwh(exportWh)}*kWh)`];
  return [...lines, `16.7.0(${kilowatts}*kW)`, '!', ''].join('\r\n');
}

/** Mode D: sent by itself, without a check. */
export function writePushed(readout: Readout): Buffer {
  return Buffer.from(`/WVL5${readout.model}\r\n\r\n${dataLines(readout)}`, 'latin1');
}

/** Mode C: the block behind the acknowledgement, from STX to the check character. */
export function writeBlock(readout: Readout): Buffer {
  const block = Buffer.concat([Buffer.from(dataLines(readout), 'latin1'), Buffer.of(0x03)]);
  const check = block.reduce((sum, byte) => sum ^ byte, 0);
  return Buffer.concat([Buffer.of(0x02), block, Buffer.of(check)]);
}
