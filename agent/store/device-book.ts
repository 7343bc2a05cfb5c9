/**
 * The devices of the configuration while the agent runs: which physical device each is may turn out later, when it says
 * its serial number.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Database } from './database.ts';
import {
  type ConfiguredDevice,
  type Identity,
  identify,
  type KnownDevice,
  rememberAnew,
  rememberDevices,
} from './device-store.ts';

export class DeviceBook {
  readonly #database: Database;
  readonly #configured: ReadonlyMap<string, ConfiguredDevice>;
  readonly #known: Map<string, KnownDevice>;
  /** Rows whose device has said its number. */
  readonly #heard = new Map<string, number>();
  /** Devices whose row turned out to be of another. */
  readonly #displaced = new Set<string>();

  constructor(database: Database, configured: readonly ConfiguredDevice[]) {
    this.#database = database;
    this.#configured = new Map(configured.map((device) => [device.id, device]));
    this.#known = new Map(rememberDevices(database, configured));
  }

  /** By id; it follows what turns out. No two devices have the same row. */
  get known(): ReadonlyMap<string, KnownDevice> {
    return this.#known;
  }

  /** @returns whether `id` is the physical device that it was thought to be; if not, it is another source */
  identified(id: string, serial: string, now: EpochMs): Identity {
    const [configured, current] = [this.#configured.get(id), this.#known.get(id)];
    if (configured === undefined || current === undefined) return 'same';
    this.#heard.delete(id);
    const found = { serial, heard: new Set(this.#heard.values()), configured: this.#numbered(), now };
    const { known, identity } = identify(this.#database, configured, current, found);
    this.#known.set(id, known);
    this.#heard.set(id, known.number);
    this.#displaceOthers(id, known);
    const wasDisplaced = this.#displaced.delete(id);
    return wasDisplaced && identity === 'known' ? 'other' : identity;
  }

  /** Rows of devices whose number is configured. */
  #numbered(): Set<number> {
    const numbered = [...this.#known].filter(([id]) => this.#configured.get(id)?.serial !== undefined);
    return new Set(numbered.map(([, { number }]) => number));
  }

  #displaceOthers(id: string, { number }: KnownDevice): void {
    for (const [other, known] of this.#known) {
      const configured = this.#configured.get(other);
      if (other === id || known.number !== number || configured === undefined) continue;
      this.#known.set(other, rememberAnew(this.#database, configured));
      this.#heard.delete(other);
      this.#displaced.add(other);
    }
  }
}
