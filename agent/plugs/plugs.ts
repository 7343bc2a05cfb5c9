/**
 * The plugs of the home: turned and asked when somebody wants it, and those with a safety timer kept from running out.
 * What a board said before is shown with its age; what it never said is unknown.
 */
import type { Logger } from 'pino';
import { type Clock, type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import type { Bus } from '../../hardware/bus/bus.ts';
import { openSwitch } from '../../hardware/switching/open-switch.ts';
import type { Switch, SwitchState } from '../../hardware/switching/switch.ts';
import type { PlugSettings, Settings } from '../config-schema.ts';
import { AgentError, type Told, toldBy } from '../errors.ts';
import { nearest } from '../nearest.ts';

export interface PlugState {
  readonly id: string;
  readonly state: SwitchState;
  /** When the board said so. */
  readonly at?: EpochMs;
  /** What keeps it from being known now. */
  readonly failure?: Told;
}

/** Two words may be lost before a safety timer runs out. */
const wordsPerTimer = 3;

export interface PlugParts {
  readonly settings: Pick<Settings, 'plugs'>;
  /** Of a bus by its id in the configuration. */
  readonly busOf: (id: string) => Bus;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Plugs {
  readonly #parts: PlugParts;
  readonly #switches: ReadonlyMap<string, Switch>;
  readonly #states = new Map<string, PlugState>();
  readonly #stop = new AbortController();
  readonly #callOffs = new Map<string, () => void>();
  readonly #running = new Set<Promise<unknown>>();

  /** @throws {HardwareError} PROFILE_*, SWITCH_NO_CHANNEL, SWITCH_NO_TIMER */
  constructor(parts: PlugParts) {
    this.#parts = parts;
    const { plugs } = parts.settings;
    this.#switches = new Map(plugs.map((plug) => [plug.id, switchOf(plug, parts.busOf)]));
    for (const plug of plugs) this.#keepAlive(plug, parts.clock.now());
  }

  /** In the order of the configuration, as they were last known. */
  states(): PlugState[] {
    return this.#parts.settings.plugs.map(({ id }) => this.#states.get(id) ?? { id, state: 'unknown' });
  }

  /** Asks the board. @throws {AgentError} PLUG_UNKNOWN; {HardwareError} PORT_*, LINE_*, METER_* */
  read(id: string): Promise<PlugState> {
    return this.#ask(id, (plug) => plug.state(this.#stop.signal));
  }

  /** @throws as `read`, and SWITCH_NOT_DONE */
  set(id: string, on: boolean): Promise<PlugState> {
    return this.#ask(id, (plug) => plug.set(on, this.#stop.signal));
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    for (const callOff of this.#callOffs.values()) callOff();
    await Promise.allSettled(this.#running);
  }

  async #ask(id: string, work: (plug: Switch) => Promise<SwitchState>): Promise<PlugState> {
    const running = work(this.#switch(id));
    this.#running.add(running);
    try {
      const now = { id, state: await running, at: this.#parts.clock.now() };
      this.#states.set(id, now);
      return now;
    } catch (error) {
      const failure = toldBy(error);
      // It may have been turned, and its answer lost.
      if (failure !== undefined) this.#states.set(id, { id, state: 'unknown', failure });
      throw error;
    } finally {
      this.#running.delete(running);
    }
  }

  #switch(id: string): Switch {
    const found = this.#switches.get(id);
    if (found !== undefined) return found;
    const meant = nearest(id, [...this.#switches.keys()]);
    throw new AgentError('PLUG_UNKNOWN', { plug: id, hint: meant === undefined ? '' : `; did you mean ${meant}?` });
  }

  #keepAlive(plug: PlugSettings, at: EpochMs): void {
    const { safety } = plug;
    if (safety === undefined) return;
    const { clock } = this.#parts;
    const callOff = clock.at(at, async () => {
      await this.#word(plug.id);
      if (!this.#stop.signal.aborted) this.#keepAlive(plug, epochMs(clock.now() + safety / wordsPerTimer));
    });
    this.#callOffs.set(plug.id, callOff);
  }

  /** Says once that it fails: the board turns its channels off meanwhile. */
  async #word(id: string): Promise<void> {
    const wasOut = this.#states.get(id)?.failure !== undefined;
    try {
      await this.read(id);
      if (wasOut) this.#parts.log.info({ plug: id }, `${id} answers again`);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const told = toldBy(error);
      if (told === undefined) throw error;
      if (!wasOut) this.#parts.log.warn({ plug: id, code: told.code }, `${told.says}. What to do: ${told.remedy}`);
    }
  }
}

function switchOf({ bus, address, profile, channel, safety }: PlugSettings, busOf: PlugParts['busOf']): Switch {
  return openSwitch({
    bus: busOf(bus),
    address,
    profile,
    channel,
    ...(safety !== undefined && { safetyS: Math.round(safety / 1000) }),
  });
}
