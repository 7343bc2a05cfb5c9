import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Catalogue } from '../../../broker/protocol/messages.ts';
import { generateSigningKey, signMessage } from '../../../broker/protocol/signing.ts';
import { topicOf } from '../../../broker/protocol/topics.ts';
import { eventually } from '../eventually.ts';
import { cohort, prefix, startUtility, TestHome, temporaryFolder, tensor, type Utility } from '../utility-kit.ts';

let folder: ReturnType<typeof temporaryFolder>;
let utility: Utility;
let bob: TestHome;

beforeEach(async () => {
  folder = temporaryFolder();
  utility = await startUtility(folder.folder);
  bob = await TestHome.connect(utility.server.port, 'bob');
  await bob.ask();
  await eventually(() => utility.homes.rows().length).toBe(1);
  await utility.enrolment.approve('bob', cohort);
  await bob.publishCatalogue(5, [tensor('fridge', '#energy-consumption', '#fridge')]);
  await eventually(pointers).toEqual(['fridge']);
});
afterEach(async () => {
  await bob.close();
  await utility.close();
  folder.remove();
});

const pointers = () =>
  utility.catalogues.search(['#energy-consumption']).homes.flatMap(({ tensors }) => tensors.map(({ id }) => id));
const said = (text: string) => eventually(() => utility.lines.some((line) => line.includes(text))).toBe(true);

describe('a catalogue', () => {
  test('that is newer takes the place of the kept one, also an empty one', async () => {
    await bob.publishCatalogue(6, [tensor('bulb', '#energy-consumption')]);
    await eventually(pointers).toEqual(['bulb']);
    await bob.publishCatalogue(7, []);
    await eventually(pointers).toEqual([]);
  });

  test('that has come before, or is older, changes nothing', async () => {
    await bob.publishCatalogue(5, [tensor('bulb', '#energy-consumption')]);
    await bob.publishCatalogue(4, [tensor('bulb', '#energy-consumption')]);
    await eventually(() => utility.lines.filter((line) => line.includes('not newer')).length).toBe(2);
    expect(pointers()).toEqual(['fridge']);
  });

  test.each([
    ['signed by another key', () => sign(generateSigningKey(), 'bob'), 'SIGNATURE_INVALID'],
    ['of another home', () => sign(bob.identity, 'alice'), 'names another home'],
    ['of random bytes', () => Buffer.alloc(4000, 0x9f), 'MESSAGE_NOT_CANONICAL'],
    ['of lists nested a hundred thousand deep', () => Buffer.alloc(100_000, 0x81), 'MESSAGE_'],
    ['that announces 2^32 entries', () => Buffer.from('9affffffff', 'hex'), 'MESSAGE_NOT_CANONICAL'],
  ])('%s is refused and logged, and the kept one stays', async (_, make, code) => {
    await bob.publish(topicOf(prefix, 'catalogue', { home: 'bob' }), make(), true);
    await said(code);
    expect(pointers()).toEqual(['fridge']);
    await bob.publishCatalogue(6, []);
    await eventually(pointers).toEqual([]);
  });

  test('of a home that nobody has approved is not looked at', async () => {
    const alice = await TestHome.connect(utility.server.port, 'alice');
    await alice.publishCatalogue(1, [tensor('fridge', '#energy-consumption')]);
    await bob.publishCatalogue(6, []);
    await eventually(pointers).toEqual([]);
    expect(utility.store.newest('catalogues', 'alice')).toBeUndefined();
    await alice.close();
  });

  test('that is cleared at the broker stays known', async () => {
    await bob.publish(topicOf(prefix, 'catalogue', { home: 'bob' }), '', true);
    await bob.publishAgreementKey(1);
    await eventually(() => utility.homes.rows()[0]?.ready).toBe(true);
    expect(pointers()).toEqual(['fridge']);
  });

  test('is kept over a restart, its home shown as away until it says otherwise', async () => {
    await utility.close();
    utility = await startUtility(folder.folder);
    expect(pointers()).toEqual(['fridge']);
    expect(utility.catalogues.search(['#fridge'])).toMatchObject({ matched: 1, offline: 1 });
    expect(utility.catalogues.tags(cohort)).toEqual(['#energy-consumption', '#fridge']);
    expect(utility.catalogues.search(['#fridge'], 'feeder-8').homes).toEqual([]);
  });
});

function sign(key: ReturnType<typeof generateSigningKey>, home: string): Uint8Array {
  return signMessage(key, Catalogue, { home, sequence: 9, tensors: [tensor('bulb', '#energy-consumption')] });
}
