/**
 * Publishes many retained messages, few at a time: those of a thousand members do not stand in memory together.
 */
import type { Link } from '../mqtt/link.ts';

export interface Retained {
  readonly topic: string;
  /** Empty takes back what is there. Made when its turn comes; undefined where it is no longer to be sent. */
  readonly payload: () => Uint8Array | string | undefined;
}

const atATime = 16;

/** @returns whether the broker has acknowledged all that was to be sent */
export async function publishRetained(link: Link, messages: readonly Retained[]): Promise<boolean> {
  const waiting = messages.values();
  let all = true;
  // One that takes long to be acknowledged holds up none but itself.
  const sender = async () => {
    for (const { topic, payload } of waiting) {
      const bytes = payload();
      if (bytes !== undefined && !(await link.publish(topic, bytes, { retain: true }))) all = false;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, messages.length) }, sender));
  return all;
}
