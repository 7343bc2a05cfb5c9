/**
 * The devices of the configuration while the agent runs: which physical device each is may turn out later, when it says
 * its serial number.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Database } from './database.ts';
import { type ConfiguredDevice, type Identity, identify, type KnownDevice, rememberDevices } from './device-store.ts';

export class DeviceBook {
  readonly #database: Database;
  readonly #configured: ReadonlyMap<string, ConfiguredDevice>;
  readonly #known: Map<string, KnownDevice>;
  /** Rows whose device has said its number. */
  readonly #identified = new Map<string, number>();

  constructor(database: Database, configured: readonly ConfiguredDevice[]) {
    this.#database = database;
    this.#configured = new Map(configured.map((device) => [device.id, device]));
    this.#known = new Map(rememberDevices(database, configured));
  }

  /** By id; it follows what turns out. */
  get known(): ReadonlyMap<string, KnownDevice> {
    return this.#known;
  }

  /** @returns whether `id` is the physical device that it was thought to be; if not, it is another source */
  identified(id: string, serial: string, now: EpochMs): Identity {
    const [configured, current] = [this.#configured.get(id), this.#known.get(id)];
    if (configured === undefined || current === undefined) return 'same';
    this.#identified.delete(id);
    const taken = new Set(this.#identified.values());
    const { known, identity } = identify(this.#database, configured, current, { serial, taken, now });
    this.#known.set(id, known);
    this.#identified.set(id, known.number);
    return identity;
  }
}
