/**
 * Picks what is stored of what devices give: all that tensors are made of.
 */
import type { Logger } from 'pino';
import type { Measured } from '../../hardware/meter.ts';
import { type Quantity, quantities } from '../../hardware/quantity.ts';
import type { Settings } from '../config-schema.ts';
import { AgentError } from '../errors.ts';
import type { KnownDevice } from '../store/device-store.ts';
import type { Keep } from './bus-poller.ts';
import type { Sample } from './device-poll.ts';
import type { Waiting, WaitingReadings } from './waiting-readings.ts';

export interface KeeperParts {
  readonly settings: Pick<Settings, 'tensors'>;
  readonly devices: ReadonlyMap<string, KnownDevice>;
  readonly waiting: WaitingReadings;
  readonly log: Logger;
}

/**
 * Energies are always stored, so that a tensor made later has its past; levels only where a tensor needs them, for
 * they are most of what a meter says. A device that counts no energy has its energy from its power.
 */
export function keeperOf({ settings, devices, waiting, log }: KeeperParts): Keep {
  const wanted = new Set(settings.tensors.map(({ device, quantity }) => `${device} ${quantity}`));
  const isKept = (device: string, { quantity }: Measured, measured: readonly Measured[]) => {
    if (quantities[quantity].kind === 'counter' || wanted.has(`${device} ${quantity}`)) return true;
    return quantity === 'power' && wanted.has(`${device} energyImport`) && !says(measured, 'energyImport');
  };
  const sayMissing = missingTeller(settings.tensors, log);
  return (samples) => {
    for (const { device, sample } of samples) sayMissing(device, sample);
    waiting.add(
      samples.flatMap(({ device, sample: { at, elapsed, measured } }): Waiting[] => {
        const known = devices.get(device);
        if (known === undefined) return [];
        return measured
          .filter((one) => isKept(device, one, measured))
          .map(({ quantity, value }) => ({ device, reading: { device: known.number, quantity, at, value }, elapsed }));
      }),
    );
  };
}

/** Says once of each tensor that its device does not give what it is made of. */
function missingTeller(tensors: Settings['tensors'], log: Logger) {
  const said = new Set<string>();
  return (device: string, { measured }: Sample) => {
    for (const { id, quantity } of tensors.filter((tensor) => tensor.device === device)) {
      if (said.has(id) || says(measured, quantity)) continue;
      said.add(id);
      if (quantity === 'energyImport' && says(measured, 'power')) {
        log.info({ tensor: id, device }, `${device} counts no energy: ${id} is added up from its power`);
        continue;
      }
      const { code, message, remedy } = new AgentError('TENSOR_WITHOUT_READING', { tensor: id, device, quantity });
      log.warn({ code }, `${message}. What to do: ${remedy}`);
    }
  };
}

function says(measured: readonly Measured[], quantity: Quantity): boolean {
  return measured.some((one) => one.quantity === quantity);
}
