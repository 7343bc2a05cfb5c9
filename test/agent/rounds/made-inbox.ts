/** Home 1 of a cohort with its real disk and tensors, between a stepped clock and a broker that only keeps records. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { AgreementKeys } from '../../../agent/agreement-keys.ts';
import type { HomeFacts } from '../../../agent/policy/assess-round.ts';
import type { OwnTensor } from '../../../agent/policy/own-tensor.ts';
import { writePrivate } from '../../../agent/private-file.ts';
import { type HomeTopic, ParticipantShell } from '../../../agent/rounds/participant-shell.ts';
import { RefusalLog } from '../../../agent/rounds/refusal-log.ts';
import { RoundInbox } from '../../../agent/rounds/round-inbox.ts';
import { Seats } from '../../../agent/rounds/seats.ts';
import type { Database } from '../../../agent/store/database.ts';
import { Ledger, type LedgerEntry } from '../../../agent/store/ledger.ts';
import { spentUntil } from '../../../agent/store/restores.ts';
import { RoundStore } from '../../../agent/store/round-store.ts';
import type { HomeTensors } from '../../../agent/store/tensor-store.ts';
import { type EpochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { AgreementKey, type Announce, MemberList } from '../../../broker/protocol/messages.ts';
import { checkRoster, makeRoster } from '../../../broker/protocol/roster.ts';
import { checkAnnounce, makeAnnounce, type Round } from '../../../broker/protocol/round.ts';
import { signMessage } from '../../../broker/protocol/signing.ts';
import { cohort, type MadeCohort, type MadeHome, makeCohort, now } from '../../broker/protocol/made-cohort.ts';
import { lenientPolicy, openAgentDatabase, tensorsIn } from '../made-agent.ts';

export interface Published {
  readonly topic: HomeTopic;
  readonly round: string;
  readonly payload: Uint8Array;
}

export class MadeInbox {
  readonly made: MadeCohort;
  clock: SteppedClock;
  readonly published: Published[] = [];
  readonly lines: string[] = [];
  readonly log: Logger = pino({ level: 'trace' }, { write: (line: string) => void this.lines.push(line) });
  readonly #folder: string;
  readonly #rosters: Pick<MadeCohort, 'roster' | 'signedRoster'>[] = [];
  readonly #open: (database: Database) => HomeTensors;
  sharing = true;
  policy = lenientPolicy;
  /** Rosters that were asked for, hex. */
  readonly wanted: string[] = [];
  database!: Database;
  tensors!: HomeTensors;
  shell!: ParticipantShell;
  inbox!: RoundInbox;
  keys!: AgreementKeys;

  /** @param open the tensors of the home, at each start */
  constructor(folder: string, made = makeCohort(4), at: EpochMs = now, open = tensorsIn) {
    this.#folder = folder;
    this.made = made;
    this.#open = open;
    this.clock = new SteppedClock(at);
    this.#start();
  }

  /** As after a power cut: what was in memory is gone. @param at what the clock says then */
  restart(at?: EpochMs): void {
    this.close();
    if (at !== undefined) this.clock = new SteppedClock(at);
    this.#start();
  }

  close(): void {
    this.shell.close();
    this.database.close();
  }

  /** The cohort's next epoch, with the newest key of this home: announcements name it from now on. */
  nextRoster(): void {
    const { authority, coordinator, homes, rosterContext } = this.made;
    const { sequence, secret } = this.keys.newest;
    const { id, identity } = homes[0] as MadeHome;
    const agreement = signMessage(identity, AgreementKey, { home: id, sequence, key: secret.publicKey });
    const epoch = this.#rosters.length + 2;
    const members = signMessage(authority, MemberList, { cohort, epoch, homes: homes.map((home) => home.id) });
    const entries = homes.map((home) => (home.id === id ? { ...home, agreement } : home));
    const { signed: signedRoster } = makeRoster(coordinator, { cohort, epoch, members, homes: entries });
    this.#rosters.push({ roster: checkRoster(signedRoster, rosterContext), signedRoster });
  }

  /** An announcement of the cohort's coordinator, as sent. */
  announce(changes: Partial<Announce> = {}): Round {
    const { roster } = this.#rosters.at(-1) ?? this.made;
    const fields = { ...this.made.announceFields, id: randomBytes(16), roster: roster.hash, ...changes };
    const context = { ...this.made.announceContext, roster: () => roster };
    return checkAnnounce(makeAnnounce(this.made.coordinator, fields), context);
  }

  async announced(round: Round): Promise<void> {
    await this.inbox.announced(round.id, round.signed);
  }

  /** The roster as the broker would send it. */
  async rosterComes(): Promise<void> {
    for (const { roster, signedRoster } of [this.made, ...this.#rosters]) {
      await this.inbox.rosterCame(toHex(roster.hash), signedRoster);
    }
  }

  stateOf(round: Round): string | undefined {
    const participant = this.shell.participants.get(round.id);
    if (participant?.state !== 'takingPart') return participant?.state;
    return `${participant.contribution.state} ${participant.membership.state}`;
  }

  sent(topic: HomeTopic, round?: Round): Uint8Array[] {
    return this.published
      .filter((one) => one.topic === topic && (round === undefined || one.round === round.id))
      .map(({ payload }) => payload);
  }

  ledger(): LedgerEntry[] {
    return new Ledger(this.database).entries();
  }

  refusals(): string[] {
    return this.ledger().flatMap((entry) => (entry.kind === 'refused' ? [entry.code] : []));
  }

  #start(): void {
    this.database = openAgentDatabase(this.#folder);
    this.tensors = this.#open(this.database);
    this.keys = this.#ownKeys();
    const ledger = new Ledger(this.database);
    const store = new RoundStore(this.database, ledger);
    const facts = () => this.#facts();
    const { clock, log } = this;
    const refusals = new RefusalLog(ledger, clock, log);
    this.shell = new ParticipantShell({
      store,
      refusals,
      tensors: this.tensors,
      facts,
      clock,
      random: randomBytes,
      publish: async (topic, round, payload) => {
        this.published.push({ topic, round, payload: Buffer.from(payload) });
      },
      fetchRoster: async (hash) => void this.wanted.push(hash),
      noteClipped: (round, tensors) => log.info({ round, tensors }, 'clipped'),
    });
    const coordinator = this.made.coordinator.publicKey;
    this.inbox = new RoundInbox({
      cohort,
      coordinator,
      seats: new Seats(this.#seatParts(store)),
      store,
      shell: this.shell,
      refusals,
      facts,
      clock,
    });
  }

  /** Its first key is the one that the roster names. */
  #ownKeys(): AgreementKeys {
    const { secret } = this.made.homes[0] as MadeHome;
    const isNew = this.database.prepare('SELECT 1 FROM agreement_keys').get() === undefined;
    if (isNew) {
      const row = 'INSERT INTO agreement_keys (sequence, key, made_at_ms) VALUES (1, ?, ?)';
      this.database.prepare(row).run(secret.publicKey, now);
      writePrivate(join(this.#folder, 'agreement-1.key'), toHex(secret.exportPrivate()));
    }
    return new AgreementKeys(this.#folder, this.database, this.clock.now());
  }

  #seatParts(store: RoundStore) {
    const own = this.made.homes[0] as MadeHome;
    return {
      store,
      checkRoster,
      home: own.id,
      identity: own.identity.publicKey,
      keys: this.keys,
      cohort,
      authority: this.made.authority.publicKey,
      coordinator: this.made.coordinator.publicKey,
      mostHomes: 2500,
    };
  }

  #facts(): HomeFacts {
    const tensors = this.tensors.list().map((tensor): OwnTensor => {
      const ancestors = tensor.device === undefined ? [] : this.tensors.ancestorsOf(tensor.device);
      return { ...tensor, device: tensor.device, ancestors, shown: true };
    });
    return { sharing: this.sharing, policy: this.policy, tensors, spentUntil: spentUntil(this.database) };
  }
}
