import { expect, test } from 'vitest';
import type { Link } from '../../../broker/mqtt/link.ts';
import { publishRetained } from '../../../broker/rounds/retained.ts';

/** Acknowledges what is not slow, and keeps count. */
function linkOf(outcome: (topic: string) => Promise<boolean>): { link: Link; sent: string[]; most: () => number } {
  const sent: string[] = [];
  let [underWay, most] = [0, 0];
  const publish = async (topic: string) => {
    sent.push(topic);
    underWay += 1;
    most = Math.max(most, underWay);
    const acknowledged = await outcome(topic);
    underWay -= 1;
    return acknowledged;
  };
  return { link: { prefix: '', publish, on: () => undefined, onConnect: () => undefined }, sent, most: () => most };
}
const topics = Array.from({ length: 100 }, (_, nth) => `topic-${nth}`);
const messages = topics.map((topic) => ({ topic, payload: () => 'x' }));

test('one that is not acknowledged for long holds up no other, and few are under way at a time', async () => {
  let acknowledge: (is: boolean) => void = () => undefined;
  const slow = new Promise<boolean>((resolve) => {
    acknowledge = resolve;
  });
  const { link, sent, most } = linkOf((topic) => (topic === 'topic-3' ? slow : Promise.resolve(true)));
  const published = publishRetained(link, messages);
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toEqual(topics);
  expect(most()).toBe(16);
  acknowledge(true);
  expect(await published).toBe(true);
});

test.each<[string, boolean, boolean]>([
  ['all were', true, true],
  ['one was not', false, false],
])('it is said whether all were acknowledged: %s', async (_, last, all) => {
  const { link } = linkOf((topic) => Promise.resolve(topic === 'topic-99' ? last : true));
  expect(await publishRetained(link, messages)).toBe(all);
});

test('what is no longer to be sent when its turn comes is not', async () => {
  const { link, sent } = linkOf(() => Promise.resolve(true));
  const payload = () => undefined;
  expect(await publishRetained(link, [{ topic: 'gone', payload }])).toBe(true);
  expect(sent).toEqual([]);
});
