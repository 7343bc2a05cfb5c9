/** A home that takes part in rounds over real MQTT, by the protocol's functions alone. For tests. */
import { randomBytes } from 'node:crypto';
import { type AgreementSecret, generateAgreement, type PairKeys, pairKeysOf } from '../../broker/protocol/agreement.ts';
import { answerOpen, readOpen } from '../../broker/protocol/answer.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import { makeReport } from '../../broker/protocol/report.ts';
import { type AcceptedRoster, checkRoster } from '../../broker/protocol/roster.ts';
import { checkAnnounce, type Round, rosterOfAnnounce } from '../../broker/protocol/round.ts';
import { drawResidues } from '../../broker/protocol/sharing.ts';
import { filterOf, readTopic, topicOf } from '../../broker/protocol/topics.ts';
import { encodeVector } from '../../broker/protocol/vector.ts';
import { cohort, noon, prefix, type TestHome } from './utility-kit.ts';

/** Checked by one of them for all: a hundred homes that check a hundred entries each take their time. */
const accepted = new Map<string, AcceptedRoster>();

export class Member {
  /** Whether it sends its reports. */
  reports = true;
  readonly secret: AgreementSecret;
  readonly #home: TestHome;
  readonly #wattHours: readonly number[] | undefined;
  readonly #retained = new Map<string, Buffer>();
  readonly #done = new Set<string>();
  readonly #keys = new Map<string, PairKeys>();

  /** @param wattHours per slot, the first ones of shorter rounds; without any the home reports nothing, and answers all the same */
  constructor(home: TestHome, wattHours: readonly number[] | undefined, secret = generateAgreement()) {
    this.secret = secret;
    this.#home = home;
    this.#wattHours = wattHours;
  }

  async start(): Promise<void> {
    const { mqtt, id } = this.#home;
    await this.#home.publishAgreementKey(1, this.secret.publicKey);
    mqtt.on('message', (topic, payload) => {
      if (payload.length === 0) this.#retained.delete(topic);
      else this.#retained.set(topic, payload);
      void this.#look();
    });
    for (const name of ['roster', 'round'] as const) await mqtt.subscribeAsync(filterOf(prefix, name, { cohort }));
    await mqtt.subscribeAsync(filterOf(prefix, 'open', { home: id }));
  }

  async #look(): Promise<void> {
    for (const [topic, announce] of this.#retained) {
      if (readTopic(prefix, topic)?.name !== 'round') continue;
      const round = this.#accept(announce);
      if (round === undefined) continue;
      const pairKeys = this.#pairKeys(round.roster);
      const own = round.roster.homes.findIndex(({ id }) => id === this.#home.id) + 1;
      if (this.reports && this.#wattHours !== undefined && this.#once(`report ${round.id}`)) {
        const residues = drawResidues(round.sharing, round.blocks, randomBytes);
        const vector = encodeVector(round.announce, this.#wattHours.slice(0, round.announce.grid.slots));
        await this.#send('report', round, makeReport(round, own, pairKeys, vector, randomBytes(16), residues));
      }
      const open = this.#retained.get(topicOf(prefix, 'open', { home: this.#home.id, round: round.id }));
      if (open === undefined || !this.#once(`answer ${round.id}`)) continue;
      const answered = answerOpen(round, own, pairKeys, readOpen(round, this.#pins().coordinator, open));
      if ('answer' in answered) await this.#send('answer', round, answered.answer);
    }
  }

  #accept(announce: Buffer): Round | undefined {
    const { coordinator, authority } = this.#pins();
    const hash = toHex(rosterOfAnnounce(announce, coordinator));
    const signed = this.#retained.get(topicOf(prefix, 'roster', { cohort, hash }));
    if (signed === undefined) return undefined;
    const context = { coordinator, authority, cohort, now: noon, seen: new Map(), epochs: new Map() };
    const roster = accepted.get(hash) ?? checkRoster(signed, context);
    accepted.set(hash, roster);
    return checkAnnounce(announce, { coordinator, cohort, now: noon, collusionDivisor: 3, roster: () => roster });
  }

  #pairKeys(roster: AcceptedRoster): PairKeys {
    const hash = toHex(roster.hash);
    const known = this.#keys.get(hash) ?? pairKeysOf(this.secret, roster);
    this.#keys.set(hash, known);
    return known;
  }

  #pins(): { coordinator: Buffer; authority: Buffer } {
    const reply = this.#home.replies.find(({ state }) => state === 'approved');
    if (reply?.state !== 'approved') throw new Error('not enrolled');
    return { coordinator: Buffer.from(reply.coordinator, 'hex'), authority: Buffer.from(reply.authority, 'hex') };
  }

  #once(what: string): boolean {
    const first = !this.#done.has(what);
    this.#done.add(what);
    return first;
  }

  async #send(name: 'report' | 'answer', round: Round, payload: Uint8Array): Promise<void> {
    // The test may be over before the round is.
    if (this.#home.mqtt.disconnecting) return;
    await this.#home.publish(topicOf(prefix, name, { home: this.#home.id, round: round.id }), payload, false);
  }
}
