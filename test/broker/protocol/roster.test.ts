import { describe, expect, it } from 'vitest';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { AgreementKey, MemberList } from '../../../broker/protocol/messages.ts';
import { checkRoster, makeRoster, type RosterContext, type SeenKey } from '../../../broker/protocol/roster.ts';
import { generateSigningKey, signMessage } from '../../../broker/protocol/signing.ts';
import { makeCertificate } from './made-certificates.ts';
import { cohort, type MadeHome, makeCohort, makeHome } from './made-cohort.ts';
import { refusalOf } from './refusal.ts';

const made = makeCohort(4);
const { authority, coordinator, homes, rosterContext, signedRoster } = made;
const [first, second, third, fourth] = homes as [MadeHome, MadeHome, MadeHome, MadeHome];

interface Changes {
  readonly homes?: readonly MadeHome[];
  readonly listed?: readonly string[];
  readonly list?: { cohort?: string; epoch?: number };
  readonly epoch?: number;
  readonly context?: Partial<RosterContext>;
  readonly signer?: typeof coordinator;
  readonly listSigner?: typeof coordinator;
}

function check(changes: Changes): string {
  const entries = changes.homes ?? homes;
  const epoch = changes.epoch ?? 1;
  const ids = changes.listed ?? entries.map((home) => home.id);
  const list = { cohort, epoch, ...changes.list, homes: [...ids] };
  const members = signMessage(changes.listSigner ?? authority, MemberList, list);
  const { signed } = makeRoster(changes.signer ?? coordinator, { cohort, epoch, members, homes: entries });
  return refusalOf(() => checkRoster(signed, { ...rosterContext, ...changes.context }));
}

const seenOf = (home: MadeHome, sequence: number, key = home.secret.publicKey): ReadonlyMap<string, SeenKey> =>
  new Map([[home.id, { sequence, key }]]);
const withKey = (home: MadeHome, key: Uint8Array, sequence = 1): MadeHome => ({
  ...home,
  agreement: signMessage(home.identity, AgreementKey, { home: home.id, sequence, key }),
});
const instead = (home: MadeHome, other: MadeHome) => homes.map((one) => (one === home ? other : one));
const zeros = new Uint8Array(32);

describe('a roster', () => {
  it('lists homes with their index, keys and sequence in the order of the member list', () => {
    const { homes: read, epoch, hash } = checkRoster(signedRoster, rosterContext);
    expect(epoch).toBe(1);
    expect(hash).toHaveLength(32);
    expect(read.map(({ index, id, sequence }) => ({ index, id, sequence }))).toEqual(
      homes.map(({ id }, at) => ({ index: at + 1, id, sequence: 1 })),
    );
    expect(read.map((home) => toHex(home.identity))).toEqual(homes.map((home) => toHex(home.identity.publicKey)));
    expect(read.map((home) => toHex(home.agreement))).toEqual(homes.map((home) => toHex(home.secret.publicKey)));
  });

  const accepted: readonly [string, Changes][] = [
    ['as it should be', {}],
    ['with a key seen before', { context: { seen: seenOf(second, 1) } }],
    [
      'with a newer key than was seen',
      { homes: instead(second, makeHome(second.id, authority, 5)), context: { seen: seenOf(second, 4, zeros) } },
    ],
    ['of a higher epoch than any accepted', { epoch: 2, context: { epochs: new Map([[1, zeros]]) } }],
  ];
  it.each(accepted)('%s is accepted', (_, changes) => {
    expect(check(changes)).toBe('accepted');
  });

  const stranger = generateSigningKey();
  const lowOrder = Buffer.from(`01${'00'.repeat(31)}`, 'hex');
  const notCanonical = Buffer.from(second.secret.publicKey);
  notCanonical[31] = (notCanonical[31] as number) | 0x80;
  const refused: readonly [string, string, Changes][] = [
    ['that the coordinator did not sign', 'SIGNATURE_INVALID/signature', { signer: authority }],
    ['whose list the authority did not sign', 'SIGNATURE_INVALID/signature', { listSigner: coordinator }],
    ['of another cohort', 'ROSTER_REFUSED/cohort', { context: { cohort: 'elm-street' } }],
    ['with a list of another cohort', 'ROSTER_REFUSED/member-list', { list: { cohort: 'elm-street' } }],
    ['with a list of another epoch', 'ROSTER_REFUSED/member-list', { list: { epoch: 2 } }],
    ['with a home more than the list', 'ROSTER_REFUSED/member-list', { listed: homes.slice(1).map((home) => home.id) }],
    [
      'with a home fewer than the list',
      'ROSTER_REFUSED/member-list',
      { homes: homes.slice(1), listed: homes.map((home) => home.id) },
    ],
    ['with ids that do not ascend', 'ROSTER_REFUSED/member-list', { homes: [second, first, third, fourth] }],
    ['with one home twice', 'ROSTER_REFUSED/member-list', { homes: [first, first, third, fourth] }],
    [
      'with a home in the place of another',
      'CERTIFICATE_REFUSED/certificate',
      { homes: instead(second, third), listed: homes.map((home) => home.id) },
    ],
    [
      'with a certificate that is over',
      'CERTIFICATE_REFUSED/certificate-time',
      { context: { now: epochMs(Date.parse('2047-01-01')) } },
    ],
    [
      'with an agreement key signed by another home',
      'SIGNATURE_INVALID/signature',
      { homes: instead(second, { ...second, agreement: third.agreement }) },
    ],
    [
      'with an agreement key signed by a stranger',
      'SIGNATURE_INVALID/signature',
      {
        homes: instead(second, {
          ...second,
          agreement: withKey({ ...second, identity: stranger }, second.secret.publicKey).agreement,
        }),
      },
    ],
    [
      'with an agreement key that names another home',
      'KEY_REFUSED/agreement-key',
      {
        homes: instead(second, {
          ...second,
          agreement: withKey({ ...second, id: 'home-0009' }, second.secret.publicKey).agreement,
        }),
      },
    ],
    ['with a key of low order', 'KEY_REFUSED/low-order', { homes: instead(second, withKey(second, lowOrder)) }],
    [
      'with a key that is not canonical',
      'KEY_REFUSED/not-canonical-key',
      { homes: instead(second, withKey(second, notCanonical)) },
    ],
    [
      'with one agreement key for two homes',
      'ROSTER_REFUSED/duplicate',
      { homes: instead(second, withKey(second, third.secret.publicKey)) },
    ],
    [
      'with one identity key for two homes',
      'ROSTER_REFUSED/duplicate',
      { homes: instead(second, twinOf(second, third)) },
    ],
    ['with an older key than was seen', 'KEY_REFUSED/sequence', { context: { seen: seenOf(second, 2) } }],
    [
      'with another key of a sequence that was seen',
      'KEY_REFUSED/sequence',
      { context: { seen: seenOf(second, 1, zeros) } },
    ],
    [
      'when another was accepted for its epoch',
      'ROSTER_REFUSED/second-hash',
      { context: { epochs: new Map([[1, zeros]]) } },
    ],
    ['when a higher epoch was accepted', 'ROSTER_REFUSED/lower-epoch', { context: { epochs: new Map([[2, zeros]]) } }],
  ];
  it.each(refused)('%s is refused', (_, refusal, changes) => {
    expect(check(changes)).toBe(refusal);
  });

  it('that was accepted stays so, whatever the time, newer epochs and newer keys', () => {
    const { hash } = checkRoster(signedRoster, rosterContext);
    const later = {
      ...rosterContext,
      now: epochMs(Date.parse('2047-01-01')),
      seen: seenOf(second, 9),
      epochs: new Map([
        [1, hash],
        [2, zeros],
      ]),
    };
    expect(checkRoster(signedRoster, later)).toEqual(checkRoster(signedRoster, rosterContext));
  });

  it('of 1000 homes is checked within three seconds of processor time', () => {
    const { signedRoster: large, rosterContext: context } = makeCohort(1000);
    const before = process.cpuUsage();
    expect(checkRoster(large, context).homes).toHaveLength(1000);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
  });
});

/** Another home, certified for the identity key of a second one. */
function twinOf(home: MadeHome, other: MadeHome): MadeHome {
  const { identity } = other;
  const certificate = makeCertificate({ authority, identity: identity.publicKey, home: home.id, cohort });
  return { ...withKey({ ...home, identity }, home.secret.publicKey), certificate };
}
