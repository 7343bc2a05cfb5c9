/**
 * The serial ports of this machine, by names that last where there are such.
 */

import { readdir } from 'node:fs/promises';
import { SerialPort } from 'serialport';

const byId = '/dev/serial/by-id';

export async function listPorts(): Promise<string[]> {
  try {
    const ports = await SerialPort.list();
    return ports.map(({ path, pnpId }) => (pnpId === undefined ? path : `${byId}/${pnpId}`));
  } catch {
    // Listing asks `udevadm`, which small systems lack.
    const names = await readdir(byId).catch(() => []);
    return names.map((name) => `${byId}/${name}`);
  }
}
