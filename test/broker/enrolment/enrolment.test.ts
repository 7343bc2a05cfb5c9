import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { enrolmentRequest, readReply } from '../../../agent/enrolment.ts';
import { fingerprintOf } from '../../../broker/enrolment/homes.ts';
import { readCertificate } from '../../../broker/protocol/certificate.ts';
import { epochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { MemberList } from '../../../broker/protocol/messages.ts';
import { generateSigningKey, openSigned } from '../../../broker/protocol/signing.ts';
import { eventually } from '../eventually.ts';
import { cohort, noon, startUtility, TestHome, temporaryFolder, tensor, type Utility } from '../utility-kit.ts';

const day = 86_400_000;
let folder: ReturnType<typeof temporaryFolder>;
let utility: Utility;
let homes: TestHome[];

beforeEach(async () => {
  folder = temporaryFolder();
  utility = await startUtility(folder.folder);
  homes = [];
});
afterEach(async () => {
  for (const home of homes) await home.close();
  await utility.close();
  folder.remove();
});

async function home(id: string, key = generateSigningKey(), clientId = id): Promise<TestHome> {
  const connected = await TestHome.connect(utility.server.port, id, key, clientId);
  homes.push(connected);
  return connected;
}
const rowsOf = (id: string) => utility.homes.rows().filter((row) => row.home === id);
const asked = (id: string, times = 1) => eventually(() => rowsOf(id).length).toBe(times);
const replied = async (to: TestHome, times = 1) => {
  await eventually(() => to.replies.length).toBe(times);
  return to.replies[times - 1];
};
const contextOf = (of: TestHome) => ({
  home: of.id,
  identity: of.identity.publicKey,
  pins: undefined,
  enrolled: undefined,
  now: utility.clock.now(),
});

describe('enrolment', () => {
  test('goes the whole way: a home asks, the operator sees and approves it, the home pins what it gets', async () => {
    const bob = await home('bob');
    await bob.ask('Bob, Oak Street 3');
    await asked('bob');
    const fingerprint = fingerprintOf(bob.identity.publicKey);
    await eventually(() => rowsOf('bob')).toEqual([
      {
        home: 'bob',
        state: 'asking',
        claim: 'Bob, Oak Street 3',
        fingerprint,
        online: true,
        since: noon,
        ready: false,
      },
    ]);
    expect(bob.replies).toEqual([]);
    await utility.enrolment.approve('bob', cohort);
    const reply = await replied(bob);
    const outcome = readReply(Buffer.from(JSON.stringify(reply)), contextOf(bob));
    expect(outcome).toMatchObject({
      outcome: 'enrolled',
      enrolment: {
        home: 'bob',
        cohort,
        authority: toHex(utility.authority.publicKey),
        coordinator: toHex(utility.coordinator.publicKey),
      },
    });
    expect(rowsOf('bob')).toMatchObject([{ state: 'approved', cohort, fingerprint, online: true, ready: false }]);
    await bob.publishAgreementKey(1);
    await bob.publishCatalogue(1, [tensor('fridge', '#fridge')]);
    await eventually(() => rowsOf('bob')).toMatchObject([{ ready: true }]);
  });

  test('the certificate is what members accept: names, Ed25519 throughout, two years from the clock, a day back', async () => {
    const bob = await home('bob');
    await bob.ask();
    await asked('bob');
    await utility.enrolment.approve('bob', cohort);
    const [approved] = utility.homes.approved(cohort);
    const certificate = approved?.certificate ?? new Uint8Array();
    const expected = { authority: utility.authority.publicKey, home: 'bob', cohort, now: noon };
    expect(toHex(readCertificate(certificate, expected).identity)).toBe(toHex(bob.identity.publicKey));
    const x509 = new X509Certificate(certificate);
    expect(x509.subject).toBe(`CN=bob\nOU=${cohort}`);
    expect(Date.parse(x509.validFrom)).toBe(noon - day);
    expect(Date.parse(x509.validTo)).toBe(noon + 730 * day);
    expect(x509.ca).toBe(false);
    expect(certificate.length).toBeLessThan(400);
    for (const [key, value] of [
      ['home', 'alice'],
      ['cohort', 'feeder-8'],
      ['now', noon + 731 * day],
      ['authority', utility.coordinator.publicKey],
    ]) {
      expect(() => readCertificate(certificate, { ...expected, [key as string]: value })).toThrow();
    }
  });

  test('a home that asks again after its approval gets the same certificate again', async () => {
    const bob = await home('bob');
    await bob.ask();
    await asked('bob');
    await utility.enrolment.approve('bob', cohort);
    await bob.ask();
    await bob.ask();
    await eventually(() => bob.replies.length).toBe(3);
    expect(new Set(bob.replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
  });

  test('in the last third of its certificate’s life a home that asks gets a new one', async () => {
    const bob = await home('bob');
    await bob.ask();
    await asked('bob');
    await utility.enrolment.approve('bob', cohort);
    await replied(bob);
    await utility.clock.stepTo(epochMs(noon + 480 * day));
    await bob.ask();
    expect(await replied(bob, 2)).toEqual(bob.replies[0]);
    await utility.clock.stepTo(epochMs(noon + 500 * day));
    await bob.ask();
    const third = await replied(bob, 3);
    if (third?.state !== 'approved') throw new Error('not approved');
    const x509 = new X509Certificate(Buffer.from(third.certificate, 'base64'));
    expect(Date.parse(x509.validTo)).toBe(noon + 1230 * day);
  });

  test('another key under the name of an enrolled home is refused until the operator decides', async () => {
    const bob = await home('bob');
    await bob.ask();
    await asked('bob');
    await utility.enrolment.approve('bob', cohort);
    await replied(bob);
    await bob.publishCatalogue(5, [tensor('fridge', '#fridge')]);
    await eventually(() => utility.catalogues.search(['#fridge']).matched).toBe(1);
    const other = await home('bob', generateSigningKey(), 'bob-anew');
    await other.ask('Bob again');
    expect(await replied(other)).toMatchObject({ state: 'refused', code: 'ENROLMENT_KEY_DIFFERS' });
    // The certified one gets no word that is not meant for it to act on, and keeps its place.
    expect(rowsOf('bob').map(({ state }) => state)).toEqual(['asking', 'approved']);
    await expect(utility.enrolment.approve('bob', cohort)).rejects.toMatchObject({ code: 'FINGERPRINT_NEEDED' });
    await utility.enrolment.approve('bob', cohort, fingerprintOf(other.identity.publicKey));
    expect(await replied(other, 2)).toMatchObject({ state: 'approved' });
    expect(rowsOf('bob')).toMatchObject([
      { state: 'approved', claim: 'Bob again', fingerprint: fingerprintOf(other.identity.publicKey), ready: false },
    ]);
    // What the old key has signed is forgotten.
    expect(utility.homes.approved(cohort)[0]?.catalogue).toBeUndefined();
    await bob.ask();
    expect(await eventually(() => bob.replies.at(-1)?.state).toBe('refused'));
  });

  test('of two keys that ask for one name before any is approved, the later is told and both are shown', async () => {
    const bob = await home('bob');
    await bob.ask();
    await asked('bob');
    const other = await home('bob', generateSigningKey(), 'bob-too');
    await other.ask();
    expect(await replied(other)).toMatchObject({ state: 'refused', code: 'ENROLMENT_KEY_DIFFERS' });
    expect(rowsOf('bob')).toHaveLength(2);
    const { message } = await utility.enrolment.approve('bob', cohort).then(
      () => new Error('approved'),
      (error: Error) => error,
    );
    expect(message).toContain('more than one key');
    await utility.enrolment.approve('bob', cohort, fingerprintOf(bob.identity.publicKey));
    await eventually(() => bob.replies.at(-1)).toMatchObject({ state: 'approved' });
  });

  test('no more than five keys wait for one name', async () => {
    const bob = await home('bob');
    for (let i = 0; i < 6; i++) await bob.askWith(await enrolmentRequest(generateSigningKey(), 'bob', ''));
    await eventually(() => bob.replies.at(-1)).toMatchObject({ code: 'ENROLMENT_FULL' });
    expect(rowsOf('bob')).toHaveLength(5);
  });

  test.each([
    ['is not JSON', () => '{', 'ENROLMENT_MALFORMED'],
    [
      'has an extra key',
      async (b: TestHome) => spoil(await request(b), (o) => ({ ...o, extra: 1 })),
      'ENROLMENT_MALFORMED',
    ],
    ['names another home', (b: TestHome) => enrolmentRequest(b.identity, 'alice', ''), 'ENROLMENT_MALFORMED'],
    [
      'has the request of another home inside',
      async (b: TestHome) => {
        const foreign = JSON.parse(await enrolmentRequest(b.identity, 'alice', '')) as { request: string };
        return spoil(await request(b), (o) => ({ ...o, request: foreign.request }));
      },
      'ENROLMENT_MALFORMED',
    ],
    ['is signed by another key', async (b: TestHome) => spoil(await request(b), flipLastByte), 'ENROLMENT_MALFORMED'],
    ['has bytes left over', async (b: TestHome) => spoil(await request(b), addByte), 'ENROLMENT_MALFORMED'],
    ['holds no request at all', async (b: TestHome) => spoil(await request(b), nonsense), 'ENROLMENT_MALFORMED'],
  ])('a request that %s is refused in words', async (_, make, code) => {
    const bob = await home('bob');
    await bob.askWith(await make(bob));
    expect(await replied(bob)).toMatchObject({ state: 'refused', code });
    expect(rowsOf('bob')).toEqual([]);
  });

  test.each([
    ['a home nobody has heard of', 'bbo', cohort, undefined, 'HOME_UNKNOWN'],
    ['a fingerprint that did not ask', 'bob', cohort, 'ab'.repeat(32), 'FINGERPRINT_UNKNOWN'],
  ])('approving %s is refused', async (_, id, to, fingerprint, code) => {
    const bob = await home('bob');
    await bob.ask();
    await asked('bob');
    await expect(utility.enrolment.approve(id, to, fingerprint)).rejects.toMatchObject({ code });
  });

  test('suggests the home that was meant', async () => {
    const bob = await home('bob-oak-street');
    await bob.ask();
    await asked('bob-oak-street');
    await expect(utility.enrolment.approve('bob-oka-street', cohort)).rejects.toThrow('did you mean bob-oak-street?');
  });

  test('a home is not approved into a second cohort, nor one key for two homes', async () => {
    const bob = await home('bob');
    await bob.ask();
    await asked('bob');
    await utility.enrolment.approve('bob', cohort);
    await expect(utility.enrolment.approve('bob', 'feeder-8')).rejects.toMatchObject({ code: 'HOME_IN_OTHER_COHORT' });
    const twin = await home('twin', bob.identity);
    await twin.ask();
    await asked('twin');
    await expect(utility.enrolment.approve('twin', cohort)).rejects.toMatchObject({ code: 'IDENTITY_TAKEN' });
  });

  test('what a home has published before its approval counts once it is approved', async () => {
    const bob = await home('bob');
    await bob.publishCatalogue(1, [tensor('fridge', '#fridge')]);
    await bob.publishAgreementKey(1);
    await bob.ask();
    await asked('bob');
    await utility.enrolment.approve('bob', cohort);
    await eventually(() => rowsOf('bob')).toMatchObject([{ ready: true, online: true }]);
  });

  test('a home whose connection breaks is shown as away', async () => {
    const bob = await home('bob');
    await bob.ask();
    await asked('bob');
    await utility.enrolment.approve('bob', cohort);
    await eventually(() => rowsOf('bob')).toMatchObject([{ online: true }]);
    bob.mqtt.stream.destroy();
    await eventually(() => rowsOf('bob')).toMatchObject([{ online: false }]);
  });
});

describe('a home that is removed', () => {
  test('is approved no more and shows nothing; its name is free, and it has to ask anew', async () => {
    const bob = await home('bob');
    await bob.ask();
    await asked('bob');
    await utility.enrolment.approve('bob', cohort);
    await bob.publishAgreementKey(1);
    await eventually(() => utility.store.newest('agreement_keys', 'bob')?.sequence).toBe(1);
    expect(await utility.enrolment.remove('bob')).toBe(cohort);
    expect(utility.homes.approved(cohort)).toEqual([]);
    expect(utility.store.newest('agreement_keys', 'bob')).toBeUndefined();
    // What it goes on to send of itself counts for nothing.
    await bob.publishAgreementKey(2);
    await bob.ask();
    await asked('bob');
    expect(rowsOf('bob')).toMatchObject([{ state: 'asking' }]);
    expect(utility.store.newest('agreement_keys', 'bob')).toBeUndefined();
    expect(await utility.enrolment.remove('bob')).toBeUndefined();
    await expect(utility.enrolment.remove('bob')).rejects.toMatchObject({ code: 'HOME_UNKNOWN' });
  });
});

describe('agreement keys', () => {
  const key = generateSigningKey().publicKey;
  const kept = () => utility.store.newest('agreement_keys', 'bob')?.sequence;
  let bob: TestHome;
  beforeEach(async () => {
    bob = await home('bob');
    await bob.ask();
    await asked('bob');
    await utility.enrolment.approve('bob', cohort);
    await bob.publishAgreementKey(4);
    await eventually(kept).toBe(4);
  });

  test('a newer one replaces the kept one, an older does not', async () => {
    await bob.publishAgreementKey(3);
    await bob.publishAgreementKey(5);
    await eventually(kept).toBe(5);
    expect(utility.lines.filter((line) => line.includes('"reason":"sequence"'))).toHaveLength(1);
  });

  test.each([
    ['of low order', Buffer.alloc(32), 5],
    ['not canonical', Buffer.concat([Buffer.from(key.subarray(0, 31)), Buffer.from([0xff])]), 5],
    ['another one with the sequence of the kept one', Buffer.concat([Buffer.alloc(31, 9), Buffer.from([9])]), 4],
  ])('one that is %s is not kept', async (_, bytes, sequence) => {
    await bob.publishAgreementKey(sequence, bytes);
    await eventually(() => utility.lines.some((line) => line.includes('KEY_REFUSED'))).toBe(true);
    expect(kept()).toBe(4);
    expect(rowsOf('bob')).toMatchObject([{ keptOut: expect.stringContaining('bob') as unknown }]);
    await bob.publishAgreementKey(6);
    await eventually(kept).toBe(6);
    expect(rowsOf('bob')[0]?.keptOut).toBeUndefined();
  });
});

describe('the authority', () => {
  const list = (signed: Uint8Array) =>
    openSigned(MemberList, utility.authority.publicKey, signed, 'the authority').fields;

  test('signs the homes of an epoch ascending, the same list again, and no second list for an epoch', () => {
    const signed = utility.authority.signMembers(cohort, 1, ['bob', 'alice', 'bill']);
    expect(list(signed)).toMatchObject({ cohort, epoch: 1, homes: ['alice', 'bill', 'bob'] });
    expect(toHex(utility.authority.signMembers(cohort, 1, ['bill', 'bob', 'alice']))).toBe(toHex(signed));
    expect(() => utility.authority.signMembers(cohort, 1, ['bob', 'alice', 'james'])).toThrow('another member list');
    expect(list(utility.authority.signMembers(cohort, 2, ['bob', 'alice', 'james'])).epoch).toBe(2);
  });

  test('has its key in a file of its own that nobody else may read, and after a restart the same', async () => {
    const path = join(folder.folder, 'authority.pem');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).not.toBe(readFileSync(join(folder.folder, 'coordinator.pem'), 'utf8'));
    const before = toHex(utility.authority.publicKey);
    const bob = await home('bob');
    await bob.ask();
    await asked('bob');
    await utility.enrolment.approve('bob', cohort);
    const reply = await replied(bob);
    await bob.close();
    await utility.close();
    utility = await startUtility(folder.folder, new SteppedClock(epochMs(noon + day)));
    expect(toHex(utility.authority.publicKey)).toBe(before);
    expect(rowsOf('bob')).toMatchObject([{ state: 'approved', online: false }]);
    const again = await home('bob', bob.identity);
    await again.ask();
    expect(await replied(again)).toEqual(reply);
  });
});

const request = (of: TestHome) => enrolmentRequest(of.identity, of.id, '');
type Asked = { request: string };
const spoil = (json: string, change: (asked: Asked) => object) => JSON.stringify(change(JSON.parse(json) as Asked));
function flipLastByte(asked: Asked): Asked {
  const der = Buffer.from(asked.request, 'base64');
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  return { ...asked, request: der.toString('base64') };
}
function addByte(asked: Asked): Asked {
  return {
    ...asked,
    request: Buffer.concat([Buffer.from(asked.request, 'base64'), Buffer.from([0])]).toString('base64'),
  };
}
const nonsense = (asked: Asked): Asked => ({ ...asked, request: Buffer.from('no request').toString('base64') });
