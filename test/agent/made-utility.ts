/** A utility played by hand over a real broker: it certifies bob, and has a cohort of him and others. */
import { randomBytes } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { pairKeysOf } from '../../broker/protocol/agreement.ts';
import { makeOpen } from '../../broker/protocol/answer.ts';
import { epochMs } from '../../broker/protocol/clock.ts';
import { makeSet } from '../../broker/protocol/contributor-set.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import { EnrolmentRequest } from '../../broker/protocol/json-messages.ts';
import { AgreementKey, type Announce, MemberList } from '../../broker/protocol/messages.ts';
import { makeReport, readReport } from '../../broker/protocol/report.ts';
import { checkRoster, makeRoster } from '../../broker/protocol/roster.ts';
import { checkAnnounce, makeAnnounce, type Round } from '../../broker/protocol/round.ts';
import { drawResidues } from '../../broker/protocol/sharing.ts';
import { generateSigningKey, openSigned, signMessage } from '../../broker/protocol/signing.ts';
import { type TopicLevels, type TopicName, topicOf, topics } from '../../broker/protocol/topics.ts';
import { eventually } from '../broker/eventually.ts';
import { makeCertificate } from '../broker/protocol/made-certificates.ts';
import { type MadeHome, makeHome } from '../broker/protocol/made-cohort.ts';
import { hour } from './made-agent.ts';
import { type MadeBroker, type Seen, watch } from './made-broker.ts';

export const prefix = 'wattveil/v1';
export const cohort = 'oak-street';
export const morning = epochMs(Date.parse('2026-11-24T06:00:00Z'));
export const day = { from: Date.parse('2026-11-23T00:00:00Z'), step: 6 * hour, slots: 4 };

export class MadeUtility {
  readonly authority = generateSigningKey();
  readonly coordinator = generateSigningKey();
  readonly others: readonly MadeHome[] = ['alice', 'bill', 'james'].map((id) => makeHome(id, this.authority));
  client!: MqttClient;
  seen: Seen[] = [];
  #watches = 0;

  async connect(broker: MadeBroker): Promise<void> {
    this.#watches += 1;
    const { client, seen } = await watch(broker.url, `coordinator-${this.#watches}`);
    this.client = client;
    this.seen = seen;
  }

  publish<Name extends TopicName>(
    name: Name,
    levels: TopicLevels<Name>,
    payload: Uint8Array | string,
  ): Promise<unknown> {
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload);
    return this.client.publishAsync(topicOf(prefix, name, levels), bytes, { qos: 1, retain: topics[name].retained });
  }

  /** What has come on a topic so far. */
  on<Name extends TopicName>(name: Name, levels: TopicLevels<Name>): Buffer[] {
    const topic = topicOf(prefix, name, levels);
    return this.seen.filter((one) => one.topic === topic).map(({ payload }) => payload);
  }

  /** Waits for the nth message on a topic. */
  async nth<Name extends TopicName>(name: Name, levels: TopicLevels<Name>, n = 1): Promise<Buffer> {
    await eventually(() => this.on(name, levels).length).toBeGreaterThanOrEqual(n);
    return this.on(name, levels)[n - 1] ?? Buffer.alloc(0);
  }

  /**
   * @param validity of the certificate; twenty years unless said otherwise
   * @returns the certificate in the reply
   */
  async enrol(changes: object = {}, validity?: readonly [string, string]): Promise<Uint8Array> {
    const request = EnrolmentRequest.parse(
      JSON.parse((await this.nth('enrolmentRequest', { home: 'bob' })).toString()),
    );
    // The last 32 bytes before its attributes and signature: tests have no need of a PKCS#10 parser.
    const der = Buffer.from(request.request, 'base64');
    const at = der.indexOf(Buffer.from('2b6570032100', 'hex')) + 6;
    const identity = der.subarray(at, at + 32);
    const certificate = makeCertificate({
      ...{ authority: this.authority, identity, home: 'bob', cohort },
      ...(validity && { validity }),
    });
    const reply = {
      v: 1,
      type: 'enrolment-reply',
      home: 'bob',
      state: 'approved',
      cohort,
      certificate: certificate.toString('base64'),
      authority: toHex(this.authority.publicKey),
      coordinator: toHex(this.coordinator.publicKey),
      ...changes,
    };
    this.#bob = { certificate, identity };
    await this.publish('enrolmentReply', { home: 'bob' }, JSON.stringify(reply));
    return certificate;
  }

  #bob: { certificate: Uint8Array; identity: Uint8Array } | undefined;

  async announce(changes: Partial<Announce> = {}): Promise<Round> {
    const { round, signedRoster } = await this.makeRound(changes);
    await this.publish('roster', { cohort, hash: toHex(round.roster.hash) }, signedRoster);
    await this.publish('round', { cohort, round: round.id }, round.signed);
    return round;
  }

  /** A roster of bob, with the key he has published, and the others; and a round over his day. Nothing is published. */
  async makeRound(changes: Partial<Announce> = {}, epoch = 1): Promise<{ round: Round; signedRoster: Uint8Array }> {
    const bob = this.#bob ?? { certificate: Buffer.alloc(0), identity: Buffer.alloc(0) };
    const agreement = await this.nth('agreementKey', { home: 'bob' });
    openSigned(AgreementKey, bob.identity, agreement, 'bob');
    const homes = [...this.others, { id: 'bob', certificate: bob.certificate, agreement }].sort((one, other) =>
      one.id < other.id ? -1 : 1,
    );
    const members = signMessage(this.authority, MemberList, { cohort, epoch, homes: homes.map(({ id }) => id) });
    const { signed: signedRoster } = makeRoster(this.coordinator, { cohort, epoch, members, homes });
    const roster = checkRoster(signedRoster, {
      coordinator: this.coordinator.publicKey,
      authority: this.authority.publicKey,
      cohort,
      now: morning,
      seen: new Map(),
      epochs: new Map(),
    });
    const signed = makeAnnounce(this.coordinator, {
      id: randomBytes(16),
      cohort,
      roster: roster.hash,
      query: { tags: ['#energy-consumption'], quantity: 'energyImport', unit: 'Wh' },
      grid: day,
      resolution: [1, -1],
      limit: 600_000,
      statistics: {},
      dropouts: 0,
      packing: 1,
      minimum: 3,
      deadline: morning + hour,
      expiry: morning + 24 * hour,
      ...changes,
    });
    const round = checkAnnounce(signed, {
      coordinator: this.coordinator.publicKey,
      cohort,
      now: morning,
      collusionDivisor: 3,
      roster: () => roster,
    });
    return { round, signedRoster };
  }

  /** Asks bob to answer for his own report and those of alice and bill; without one, for those of all others. */
  async ask(round: Round, report?: Uint8Array): Promise<Uint8Array> {
    const open = this.openFor(round, report);
    await this.publish('open', { home: 'bob', round: round.id }, open);
    return open;
  }

  openFor(round: Round, report?: Uint8Array): Uint8Array {
    const index = (id: string) => round.roster.homes.findIndex((home) => home.id === id) + 1;
    const reports = [
      ...this.others.slice(0, report === undefined ? 3 : 2).map(({ id, secret }) => ({
        index: index(id),
        report: makeReport(
          round,
          index(id),
          pairKeysOf(secret, round.roster),
          [1n, 2n, 3n, 4n],
          randomBytes(16),
          drawResidues(round.sharing, round.blocks, randomBytes),
        ),
      })),
      ...(report === undefined ? [] : [{ index: index('bob'), report }]),
    ].sort((one, other) => one.index - other.index);
    const read = reports.map((one) => ({ index: one.index, ...readReport(round, one.report) }));
    const set = makeSet(this.coordinator, round, read);
    const sealed = read.map(({ shares }) => shares[index('bob') - 1] as Uint8Array);
    return makeOpen(set, sealed);
  }
}
