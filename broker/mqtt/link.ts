/**
 * The coordinator's own way into the broker: an MQTT client like any other.
 */
import type { TopicLevels, TopicName } from '../protocol/topics.ts';

export interface Link {
  readonly prefix: string;
  /**
   * Publishes with QoS 1. Resolves once the broker has it, or at once where there is no connection:
   * what has to arrive is published again by an `onConnect` listener. Never rejects.
   */
  publish(topic: string, payload: Uint8Array | string, options: { readonly retain: boolean }): Promise<void>;
  /** Subscribes at every connect to the topic of every home or cohort. A listener that throws is logged, nothing more. */
  on<Name extends TopicName>(name: Name, listener: LinkListener<Name>): void;
  /** Called at every connect, after subscribing: the place to publish retained state again. */
  onConnect(listener: () => void | Promise<void>): void;
}

export type LinkListener<Name extends TopicName> = (
  levels: TopicLevels<Name>,
  payload: Uint8Array,
) => void | Promise<void>;
