/**
 * Stores of what devices give all that tensors are made of. A disk that fails does not end the polling.
 */
import type { Logger } from 'pino';
import { type Quantity, quantities } from '../../hardware/quantity.ts';
import type { Settings } from '../config-schema.ts';
import { AgentError, reasonOf } from '../errors.ts';
import type { KnownDevice } from '../store/device-store.ts';
import type { NewReading, ReadingStore } from '../store/reading-store.ts';
import type { Keep } from './bus-poller.ts';
import type { CounterWatch } from './counter-watch.ts';
import type { Sample } from './device-poll.ts';

export interface KeeperParts {
  readonly settings: Pick<Settings, 'tensors'>;
  readonly devices: ReadonlyMap<string, KnownDevice>;
  readonly readings: ReadingStore;
  readonly counters: CounterWatch;
  readonly log: Logger;
}

/**
 * Each cycle is committed at once: so little is written that gathering cycles would save nothing worth a loss.
 * Energies are always stored, so that a tensor made later has its past; levels only where a tensor needs them, for
 * they are most of what a meter says.
 */
export function keeperOf({ settings, devices, readings, counters, log }: KeeperParts): Keep {
  const wanted = new Set(settings.tensors.map(({ device, quantity }) => `${device} ${quantity}`));
  const isKept = (device: string, quantity: Quantity) =>
    quantities[quantity].kind === 'counter' || wanted.has(`${device} ${quantity}`);
  const store = sayingOnce(log, (fresh: readonly NewReading[]) => {
    try {
      return readings.append(fresh);
    } catch (error) {
      // What was judged is not on disk: the next readings are judged by what is.
      counters.forget();
      throw error;
    }
  });
  const sayMissing = missingTeller(settings.tensors, log);
  return (samples) => {
    for (const { device, sample } of samples) sayMissing(device, sample);
    store(
      samples.flatMap(({ device, sample }) => {
        const known = devices.get(device);
        if (known === undefined) return [];
        return sample.measured
          .filter(({ quantity }) => isKept(device, quantity))
          .map(({ quantity, value }) =>
            counters.marked(device, { device: known.number, quantity, at: sample.at, value }),
          );
      }),
    );
  };
}

/** A full disk must not end the polling: what is lost of a counter, its next reading makes good. */
function sayingOnce(
  log: Logger,
  append: (fresh: readonly NewReading[]) => number,
): (fresh: readonly NewReading[]) => void {
  let failing = false;
  let behind = false;
  return (fresh) => {
    try {
      const leftOut = append(fresh);
      if (failing) log.info('readings are stored again');
      if (leftOut > 0 && !behind) log.warn('the clock is behind the last readings: none is stored until it caught up');
      [failing, behind] = [false, leftOut > 0];
    } catch (error) {
      if (!failing) {
        const { code, message, remedy } = new AgentError('DATABASE_WRITE_FAILED', { why: reasonOf(error) });
        log.error({ code }, `${message}. What to do: ${remedy}`);
      }
      failing = true;
    }
  };
}

/** Says once of each tensor that its device does not give what it is made of. */
function missingTeller(tensors: Settings['tensors'], log: Logger) {
  const said = new Set<string>();
  return (device: string, { measured }: Sample) => {
    for (const { id, quantity } of tensors.filter((tensor) => tensor.device === device)) {
      if (said.has(id) || measured.some((one) => one.quantity === quantity)) continue;
      said.add(id);
      const { code, message, remedy } = new AgentError('TENSOR_WITHOUT_READING', { tensor: id, device, quantity });
      log.warn({ code }, `${message}. What to do: ${remedy}`);
    }
  };
}
