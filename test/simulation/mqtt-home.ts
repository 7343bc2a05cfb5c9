/** A simulated home on a real MQTT connection, which it makes anew whenever it is lost. */
import { randomBytes } from 'node:crypto';
import { connect, type MqttClient } from 'mqtt';
import type { Seat } from '../../agent/policy/judge-announcement.ts';
import type { HomeTopic } from '../../agent/rounds/participant-shell.ts';
import { type Clock, systemClock } from '../../broker/protocol/clock.ts';
import { defaultPrefix as prefix } from '../../broker/protocol/default-prefix.ts';
import { sameBytes } from '../../broker/protocol/hex.ts';
import { checkAnnounce, type Round } from '../../broker/protocol/round.ts';
import { readTopic, topicOf } from '../../broker/protocol/topics.ts';
import { emptyDisk, SimulatedHome } from './home.ts';
import { Power } from './power.ts';
import { spoiled } from './spoiled.ts';
import { tensors } from './street.ts';

const reconnectMs = 50;

export class MqttHome {
  readonly id: string;
  readonly core: SimulatedHome;
  /** What does not leave the house for now. */
  readonly held = new Set<HomeTopic>();
  /** From now on nothing that it seals opens. */
  spoils = false;
  readonly #seat: Seat;
  readonly #clock: Clock;
  readonly #rounds = new Map<string, Round>();
  #client: MqttClient | undefined;
  #closed = false;

  constructor(seat: Seat, onError: (error: unknown) => void) {
    this.#seat = seat;
    this.#clock = systemClock(onError);
    this.id = seat.roster.homes[seat.own - 1]?.id ?? '';
    this.core = new SimulatedHome({
      disk: emptyDisk(),
      power: new Power(this.id),
      // Its key and its roster stay what they are.
      seats: { held: () => seat, seat: () => seat, accept: () => seat },
      onBound: () => undefined,
      fetchRoster: () => undefined,
      clock: this.#clock,
      tensors,
      reading: () => seat.own,
      random: randomBytes,
      send: (topic, round, payload) => this.#send(topic, round, payload),
    });
  }

  /** Resolves when it has subscribed for the first time. */
  start(url: string): Promise<void> {
    return new Promise((resolve) => this.#connect(url, resolve));
  }

  /** What is retained comes once more, and with it all that is still to be said. */
  async release(): Promise<void> {
    this.held.clear();
    await this.#subscribe();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.endAsync(true);
  }

  #connect(url: string, onReady: () => void): void {
    const client = connect(url, { clientId: this.id, clean: true, protocolVersion: 4, reconnectPeriod: 0 });
    this.#client = client;
    client.on('connect', () => void this.#connected().then(onReady));
    client.on('message', (topic, payload) => this.#received(topic, payload));
    client.on('error', () => client.end(true));
    client.once('close', () => {
      client.end(true);
      if (!this.#closed) setTimeout(() => this.#connect(url, onReady), reconnectMs);
    });
  }

  async #connected(): Promise<void> {
    const status = JSON.stringify({ v: 1, online: true, since: this.#clock.now(), version: '0.0.0' });
    await this.#publish(topicOf(prefix, 'status', { home: this.id }), status, true);
    await this.#subscribe();
  }

  /** In the order in which an agent does. */
  async #subscribe(): Promise<void> {
    const { cohort } = this.#seat.roster;
    const filters = [
      topicOf(prefix, 'result', { cohort, round: '+' }),
      topicOf(prefix, 'round', { cohort, round: '+' }),
      topicOf(prefix, 'open', { home: this.id, round: '+' }),
    ];
    // Where the connection is lost meanwhile the next one subscribes.
    for (const filter of filters) await this.#client?.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
  }

  #received(topic: string, payload: Uint8Array): void {
    const received = readTopic(prefix, topic);
    if (received === undefined || this.#closed) return;
    if (received.name === 'result') this.core.resulted(received.levels.round);
    if (received.name === 'round') this.#announced(received.levels.round, payload);
    if (received.name === 'open' && payload.length > 0) this.core.asked(received.levels.round, payload);
  }

  #announced(id: string, signed: Uint8Array): void {
    const round = signed.length === 0 ? undefined : this.#check(signed);
    if (round !== undefined) this.#rounds.set(id, round);
    this.core.announced(id, round);
  }

  #check(signed: Uint8Array): Round {
    const { roster, coordinator } = this.#seat;
    return checkAnnounce(signed, {
      coordinator,
      cohort: roster.cohort,
      now: this.#clock.now(),
      collusionDivisor: 3,
      roster: (hash) => {
        if (!sameBytes(hash, roster.hash)) throw new Error(`${this.id} has another roster`);
        return roster;
      },
    });
  }

  #send(topic: HomeTopic, round: string, payload: Uint8Array): void {
    if (this.held.has(topic)) return;
    const of = this.#rounds.get(round);
    const sent = this.spoils && topic === 'report' && of !== undefined ? spoiled(payload, of, 0) : payload;
    void this.#publish(topicOf(prefix, topic, { home: this.id, round }), Buffer.from(sent), false);
  }

  async #publish(topic: string, payload: string | Buffer, retain: boolean): Promise<void> {
    if (this.#client?.connected !== true) return;
    await this.#client.publishAsync(topic, payload, { qos: 1, retain }).catch(() => undefined);
  }
}
