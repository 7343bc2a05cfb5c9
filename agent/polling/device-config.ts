/**
 * Buses and devices of the configuration as the hardware wants them.
 */
import type { Clock } from '../../broker/protocol/clock.ts';
import type { Bus } from '../../hardware/bus/bus.ts';
import type { BusConfig } from '../../hardware/bus/bus-config.ts';
import type { DeviceConfig } from '../../hardware/open-device.ts';
import type { BusSettings, DeviceSettings } from '../config-schema.ts';

export function busConfigOf({ port, baudRate, parity, dataBits, stopBits, timeout, pause }: BusSettings): BusConfig {
  return { port, baudRate, parity, dataBits, stopBits, timeoutMs: timeout, pauseMs: pause };
}

export function deviceConfigOf(bus: Bus, device: DeviceSettings, clock: Clock): DeviceConfig {
  const { address, profile, serial, timeout, tries, maxAge } = device;
  const isCurrent = maxAge === undefined ? undefined : (at: number) => at >= clock.now() - maxAge;
  return { bus, address, profile, serial, timeoutMs: timeout, tries, keys: keysOf(device), isCurrent };
}

function keysOf({ key, authenticationKey }: DeviceSettings): DeviceConfig['keys'] {
  if (key === undefined) return undefined;
  return {
    key: Buffer.from(key, 'hex'),
    ...(authenticationKey !== undefined && { authenticationKey: Buffer.from(authenticationKey, 'hex') }),
  };
}
