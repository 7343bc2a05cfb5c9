/**
 * The coordinator's own way into the broker: an MQTT client like any other. Two connections, so that a home
 * that does not read what it is sent cannot hold up what comes in.
 */
import type { Logger } from 'pino';
import { filterOf, readTopic, type TopicLevels, type TopicName, topicOf } from '../protocol/topics.ts';
import { coordinatorIds } from './admission.ts';
import { type Connection, connection } from './connection.ts';
import type { MqttServer } from './mqtt-server.ts';

export interface Link {
  readonly prefix: string;
  /**
   * Publishes with QoS 1. Resolves to true once the broker has it, to false where there is no connection or it is lost:
   * what has to arrive is published again by an `onConnect` listener. Never rejects.
   */
  publish(topic: string, payload: Uint8Array | string, options: { readonly retain: boolean }): Promise<boolean>;
  /** Subscribes at every connect to the topic of every home or cohort. A listener that fails is logged, nothing more. */
  on<Name extends TopicName>(name: Name, listener: LinkListener<Name>): void;
  /** Called at every connect, after subscribing: the place to publish retained state again. */
  onConnect(listener: () => void | Promise<void>): void;
}

export type LinkListener<Name extends TopicName> = (
  levels: TopicLevels<Name>,
  payload: Uint8Array,
) => void | Promise<void>;

export interface RunningLink extends Link {
  /** Resolves when connected for the first time and all `onConnect` listeners are done. */
  start(): Promise<void>;
  /** Has the broker send what it retains on a topic once more, to the listeners that are there. */
  recall<Name extends TopicName>(name: Name, levels: TopicLevels<Name>): void;
  close(): Promise<void>;
}

export interface LinkOptions {
  /** The embedded one. */
  readonly server: Pick<MqttServer, 'host' | 'port' | 'coordinatorPassword'>;
  readonly prefix: string;
  readonly log: Logger;
}

type AnyListener = (levels: never, payload: Uint8Array) => void | Promise<void>;

export function createLink(options: LinkOptions): RunningLink {
  return new CoordinatorLink(options);
}

class CoordinatorLink implements RunningLink {
  readonly prefix: string;
  readonly #log: Logger;
  readonly #receiving: Connection;
  readonly #sending: Connection;
  readonly #listeners = new Map<TopicName, AnyListener[]>();
  readonly #connectListeners: (() => void | Promise<void>)[] = [];
  #onFirstConnect: () => void = () => undefined;

  constructor({ server, prefix, log }: LinkOptions) {
    this.prefix = prefix;
    this.#log = log;
    const onReady = () => this.#connected();
    const onMessage = (topic: string, payload: Uint8Array) => this.#received(topic, payload);
    const both = { server, log, onReady, onMessage };
    // The coordinator alone keeps its session: what homes send while it reconnects waits for it.
    this.#receiving = connection({ ...both, clientId: coordinatorIds.receiving, clean: false });
    this.#sending = connection({ ...both, clientId: coordinatorIds.sending, clean: true });
  }

  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#onFirstConnect = resolve;
      this.#receiving.start();
      this.#sending.start();
    });
  }

  publish(topic: string, payload: Uint8Array | string, options: { readonly retain: boolean }): Promise<boolean> {
    return this.#sending.publish(topic, payload, options.retain);
  }

  on<Name extends TopicName>(name: Name, listener: LinkListener<Name>): void {
    const listeners = this.#listeners.get(name) ?? [];
    this.#listeners.set(name, [...listeners, listener as AnyListener]);
    this.#receiving.subscribe(filterOf(this.prefix, name));
  }

  recall<Name extends TopicName>(name: Name, levels: TopicLevels<Name>): void {
    // Not where a wildcard is subscribed already: aedes would queue what arrives meanwhile twice.
    this.#sending.recall(topicOf(this.prefix, name, levels));
  }

  onConnect(listener: () => void | Promise<void>): void {
    this.#connectListeners.push(listener);
    if (this.#ready()) void this.#run(listener, 'after connecting');
  }

  async close(): Promise<void> {
    await Promise.all([this.#receiving.close(), this.#sending.close()]);
  }

  #ready(): boolean {
    return this.#receiving.ready() && this.#sending.ready();
  }

  #connected(): void {
    if (!this.#ready()) return;
    void Promise.all(this.#connectListeners.map((listener) => this.#run(listener, 'after connecting'))).then(() =>
      this.#onFirstConnect(),
    );
  }

  #received(topic: string, payload: Uint8Array): void {
    const received = readTopic(this.prefix, topic);
    if (received === undefined) return;
    for (const listener of this.#listeners.get(received.name) ?? []) {
      void this.#run(() => listener(received.levels as never, payload), received.name);
    }
  }

  /** What one message or listener breaks must not stop the others. */
  async #run(work: () => void | Promise<void>, at: string): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#log.error({ err: error, at }, 'a listener failed');
    }
  }
}
