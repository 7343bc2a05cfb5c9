import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HomeService, startHome } from '../../agent/home.ts';
import { readLedger } from '../../agent/home-reading.ts';
import type { Database } from '../../agent/store/database.ts';
import { HomeStore } from '../../agent/store/home-store.ts';
import { lastRestore } from '../../agent/store/restores.ts';
import type { HomeTensors } from '../../agent/store/tensor-store.ts';
import { steppedTime } from '../../agent/time/time-watch.ts';
import { Troubles } from '../../agent/troubles.ts';
import { generateAgreement } from '../../broker/protocol/agreement.ts';
import { durationMs, epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import { Status } from '../../broker/protocol/json-messages.ts';
import { decodeSigned } from '../../broker/protocol/message.ts';
import { AgreementKey, Answer, Catalogue, Decline } from '../../broker/protocol/messages.ts';
import { readReport } from '../../broker/protocol/report.ts';
import { signJson } from '../../broker/protocol/signed-json.ts';
import { generateSigningKey, signingKeyFromPem, signMessage } from '../../broker/protocol/signing.ts';
import { eventually } from '../broker/eventually.ts';
import { keepingLog } from '../broker/silent-log.ts';
import { SmallDisk } from './faults/small-disk.ts';
import { enter, hour, openAgentDatabase, temporaryFolder, tensorsIn } from './made-agent.ts';
import { MadeBroker, watch } from './made-broker.ts';
import { cohort, day, MadeUtility, morning, prefix } from './made-utility.ts';
import { codeOf } from './policy/code-of.ts';

let folder: { folder: string; remove: () => void };
let broker: MadeBroker;
let utility: MadeUtility;
let clock: SteppedClock;
let database: Database;
let tensors: HomeTensors;
let log: ReturnType<typeof keepingLog>;
let home: HomeService | undefined;
let trusted: boolean;

beforeEach(async () => {
  folder = temporaryFolder();
  broker = new MadeBroker();
  await broker.start();
  utility = new MadeUtility();
  await utility.connect(broker);
  clock = new SteppedClock(morning);
  log = keepingLog();
  trusted = true;
  database = openAgentDatabase(folder.folder);
  tensors = tensorsIn(database);
  enter(tensors, 'bulb', [5000, 8500, 9700, 2500], { from: day.from });
  enter(tensors, 'fridge', [8000, 4900, 7000, 10_900], { from: day.from });
});
afterEach(async () => {
  await home?.close();
  home = undefined;
  await utility.client.endAsync(true);
  await broker.stop();
  database.close();
  folder.remove();
});

async function start(
  changes: { home?: string; pins?: { authority: string; coordinator: string } } = {},
): Promise<void> {
  const config = {
    home: 'bob',
    dataDir: folder.folder,
    claim: 'Bob, Oak Street 3',
    broker: { url: broker.url, prefix, insecure: false },
    pins: undefined,
    policy: {
      minContributors: 3,
      shortestSlot: durationMs(900_000),
      collusionDivisor: 3,
      mostHomes: 2500,
      rotateKeys: durationMs(30 * 24 * hour),
      allowHistogram: false,
    },
    ...changes,
  };
  const time = { ...steppedTime, isTrusted: () => trusted };
  const troubles = new Troubles({ clock, log: log.log });
  home = await startHome({
    ...{ config, clock, time, troubles, log: log.log, database, tensors, random: randomBytes },
    version: '1.2.3',
  });
}

function running(): HomeService {
  return home ?? expect.fail('the home does not run');
}

/** As after a power cut and a start: the connection is lost without goodbye, memory is gone. */
async function restart(): Promise<void> {
  await broker.stop();
  await home?.close();
  await broker.start();
  await utility.connect(broker);
  await start();
  await eventually(() => running().status().connected).toBe(true);
}

async function enrolled(): Promise<void> {
  await start();
  await running().enrol();
  await utility.enrol();
  await eventually(() => running().status().enrolment.state).toBe('enrolled');
  await running().sharing.on();
}

const bob = { home: 'bob' };

describe('enrolling', () => {
  test('its certificate is renewed in its last third, however long the connection lasts', async () => {
    await start();
    await running().enrol();
    await utility.enrol({}, ['261101000000Z', '261231000000Z']);
    // Sent after all that it asked, and heard after it.
    await utility.nth('catalogue', bob);
    utility.seen.length = 0;
    await clock.stepTo(epochMs(Date.parse('2026-12-10T00:00:00Z')));
    expect(utility.on('enrolmentRequest', bob)).toEqual([]);
    await clock.stepTo(epochMs(Date.parse('2026-12-12T00:00:00Z')));
    await utility.nth('enrolmentRequest', bob);
    // Renewed, it asks no more.
    const certificate = await utility.enrol({}, ['261211000000Z', '271211000000Z']);
    await eventually(() => new HomeStore(database).enrolment()?.certificate).toEqual(certificate);
    const asked = utility.on('enrolmentRequest', bob).length;
    await clock.stepTo(epochMs(Date.parse('2026-12-15T00:00:00Z')));
    expect(utility.on('enrolmentRequest', bob)).toHaveLength(asked);
  });

  test('a home that was not asked to enrol only says that it is there', async () => {
    await start();
    const status = Status.parse(JSON.parse((await utility.nth('status', bob)).toString()));
    expect(status).toEqual({ v: 1, online: true, since: morning, version: '1.2.3' });
    expect(running().status()).toMatchObject({ enrolment: { state: 'none' }, sharing: false, rounds: [] });
    expect(utility.seen.map(({ topic }) => topic)).toEqual([`${prefix}/homes/bob/status`]);
  });

  test('it asks, pins what it is given, and shows key and catalogue', async () => {
    await start();
    expect(await running().enrol()).toEqual({ state: 'asked' });
    await utility.enrol();
    const { payload } = decodeSigned(await utility.nth('catalogue', bob), 'catalogue');
    expect(Catalogue.decode(payload)).toMatchObject({
      home: 'bob',
      sequence: morning / 1000,
      tensors: [{ id: 'bulb' }, { id: 'fridge' }],
    });
    await utility.nth('agreementKey', bob);
    expect(running().status().enrolment).toMatchObject({
      state: 'enrolled',
      cohort,
      authority: toHex(utility.authority.publicKey),
      coordinator: toHex(utility.coordinator.publicKey),
    });
  });

  test('it asks again at the next connect, until there is a reply', async () => {
    await start();
    await running().enrol();
    await utility.nth('enrolmentRequest', bob);
    await restart();
    await utility.enrol();
    await eventually(() => running().status().enrolment.state).toBe('enrolled');
    await restart();
    await utility.nth('agreementKey', bob);
    expect(utility.on('enrolmentRequest', bob)).toEqual([]);
  });

  test('a reply with other keys than the first is refused, and changes nothing', async () => {
    await enrolled();
    const before = running().status().enrolment;
    await utility.enrol({ coordinator: toHex(generateSigningKey().publicKey) });
    await eventually(() => readLedger(database).map((entry) => 'code' in entry && entry.code)).toContain(
      'ENROLMENT_KEYS_CHANGED',
    );
    expect(running().status().enrolment).toEqual(before);
  });

  test('a refusal is shown, and an approval after it still counts', async () => {
    await start();
    await running().enrol();
    await utility.nth('enrolmentRequest', bob);
    const no = { code: 'ENROLMENT_FULL', says: 'too many wait', remedy: 'Try later.' };
    const reply = { v: 1, type: 'enrolment-reply', home: 'bob', state: 'refused', ...no };
    await utility.publish('enrolmentReply', bob, JSON.stringify(reply));
    await eventually(() => running().status().enrolment).toEqual({ state: 'asked', refused: no });
    await utility.enrol();
    await eventually(() => running().status().enrolment.state).toBe('enrolled');
  });

  test('a data folder of another home, or other pins, keep it from starting', async () => {
    await enrolled();
    await home?.close();
    home = undefined;
    expect(await failing(start({ home: 'alice' }))).toBe('HOME_ID_DIFFERS');
    const pins = { authority: toHex(utility.authority.publicKey), coordinator: '00'.repeat(32) };
    expect(await failing(start({ pins }))).toBe('PINS_DIFFER');
  });

  async function failing(work: Promise<void>): Promise<string | undefined> {
    let failed: unknown;
    await work.catch((error: unknown) => {
      failed = error;
    });
    return codeOf(() => {
      if (failed !== undefined) throw failed;
    });
  }
});

describe('a round', () => {
  test('from the announcement to the answer and the result in the ledger', async () => {
    await enrolled();
    const round = await utility.announce();
    const levels = { ...bob, round: round.id };
    const report = await utility.nth('report', levels);
    expect(readReport(round, report).shares).toHaveLength(4);
    await utility.ask(round, report);
    const answer = Answer.decode(await utility.nth('answer', levels));
    expect(toHex(answer.round)).toBe(toHex(round.hash));
    expect(running().status().rounds).toEqual([{ round: round.id, contribution: 'proved', membership: 'answered' }]);
    await utility.publish(
      'result',
      { cohort, round: round.id },
      signJson(utility.coordinator, {
        v: 1,
        type: 'result',
        cohort,
        round: round.id,
        hash: toHex(round.hash),
        query: round.announce.query,
        grid: round.announce.grid,
        members: 4,
        state: 'failed',
        reason: 'too-few-answers',
      }),
    );
    await eventually(() => running().status().rounds).toEqual([]);
    expect(running().ledger()).toMatchObject([
      { kind: 'answered', contributors: 3, result: { state: 'failed' } },
      { kind: 'released', tensors: ['bulb', 'fridge'], members: 4 },
    ]);
  });

  test('after a restart of home and broker the same bytes go out, once the round is announced again', async () => {
    await enrolled();
    const round = await utility.announce();
    const levels = { ...bob, round: round.id };
    const report = await utility.nth('report', levels);
    const open = await utility.ask(round, report);
    const answer = await utility.nth('answer', levels);
    await restart();
    expect(utility.on('report', levels)).toEqual([]);
    await utility.publish('open', levels, open);
    expect(await utility.nth('answer', levels)).toEqual(answer);
    await utility.publish('round', { cohort, round: round.id }, round.signed);
    // The answer’s set has this home’s bit: the report is proved.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(utility.on('report', levels)).toEqual([]);
  });

  test('a home that was away for twenty rounds under a roster it lacks answers for all of them', async () => {
    await enrolled();
    await utility.nth('agreementKey', bob);
    await home?.close();
    const rounds = [];
    for (let nth = 0; nth < 20; nth += 1) {
      const round = await utility.announce();
      await utility.ask(round);
      rounds.push(round);
    }
    await start();
    for (const { id } of rounds) await utility.nth('answer', { ...bob, round: id });
    expect(
      running()
        .ledger()
        .filter(({ kind }) => kind === 'answered'),
    ).toHaveLength(20);
    expect(JSON.stringify(running().ledger())).not.toContain('EARLY_REQUESTS_TOO_MANY');
  });

  test('a report that is not proved goes out at every connect, the same bytes', async () => {
    await enrolled();
    const round = await utility.announce();
    const levels = { ...bob, round: round.id };
    const report = await utility.nth('report', levels);
    await restart();
    await utility.publish('round', { cohort, round: round.id }, round.signed);
    expect(await utility.nth('report', levels)).toEqual(report);
    // The retained announcement alone brings it again when only the home’s connection is lost.
    const thief = await watch(broker.url, 'bob');
    await thief.client.endAsync();
    expect(await utility.nth('report', levels, 2)).toEqual(report);
  });

  test('nothing is decided while the time is not trusted; once it is, all is asked for again', async () => {
    await enrolled();
    const waited = await utility.announce({ grid: { ...day, from: day.from + 6 * hour } });
    await eventually(() => running().status().rounds).toMatchObject([{ contribution: 'waiting' }]);
    trusted = false;
    const round = await utility.announce();
    // The grid of the first is over by a clock that nobody trusts.
    await clock.stepTo(epochMs(morning + 2 * hour));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const levels = { ...bob, round: round.id };
    expect([utility.on('report', levels), utility.on('decline', { ...bob, round: waited.id })]).toEqual([[], []]);
    expect(running().status().rounds).toHaveLength(1);
    expect(running().ledger()).toEqual([]);
    trusted = true;
    running().clockSet();
    await utility.nth('report', levels);
    await clock.stepTo(epochMs(morning + 2 * hour + 60_000));
    expect(Decline.decode(await utility.nth('decline', { ...bob, round: waited.id })).reason).toBe('no-data');
  });

  test('no report leaves whose transaction a full disk did not take; it leaves once there is room', async () => {
    const disk = new SmallDisk(4096);
    database.close();
    folder.remove();
    folder = { folder: disk.folder, remove: () => disk.remove() };
    database = openAgentDatabase(folder.folder);
    tensors = tensorsIn(database);
    enter(tensors, 'fridge', [8000, 4900, 7000, 10_900], { from: day.from });
    await enrolled();
    disk.fill();
    const round = await utility.announce();
    await eventually(() => running().status().rounds).toEqual([]);
    await eventually(() => log.lines.some((line) => line.includes('DISK_FULL'))).toBe(true);
    const levels = { ...bob, round: round.id };
    expect([utility.on('report', levels), running().ledger()]).toEqual([[], []]);
    disk.makeRoom();
    // The announcement comes again with the next connection.
    const thief = await watch(broker.url, 'bob');
    await thief.client.endAsync();
    await utility.nth('report', levels);
    expect(running().ledger()).toMatchObject([{ kind: 'released' }]);
  });

  test('another agent with the same identity ends sharing until the householder says that it is gone', async () => {
    await enrolled();
    const before = running().status();
    expect(before.sharing).toBe(true);
    const key = await utility.nth('agreementKey', bob);
    for (const since of [1, 2, 3]) {
      const other = JSON.stringify({ v: 1, online: since !== 2, since: morning + since, version: '1.2.3' });
      await utility.publish('status', bob, other);
    }
    await eventually(() => running().status().sharing).toBe(false);
    expect(log.lines.filter((line) => line.includes('TWIN_SEEN'))).toHaveLength(1);
    const round = await utility.announce();
    expect(Decline.decode(await utility.nth('decline', { ...bob, round: round.id })).reason).toBe('paused');
    await running().sharing.on();
    await eventually(() => utility.on('agreementKey', bob).some((one) => !one.equals(key))).toBe(true);
    expect(lastRestore(database)?.cause).toBe('newer-known');
    // What either could have told until now.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(utility.on('report', { ...bob, round: round.id })).toEqual([]);
  });

  test('a home that lacked a reading declines once, and reports when the reading is there', async () => {
    await enrolled();
    const late = { tags: ['#late'], from: day.from };
    enter(tensors, 'late', [1, 2], late);
    const round = await utility.announce({ query: { tags: ['#late'], quantity: 'energyImport', unit: 'Wh' } });
    const levels = { ...bob, round: round.id };
    expect(Decline.decode(await utility.nth('decline', levels)).reason).toBe('no-data');
    // It looks, and does not say the same again.
    await clock.stepTo(epochMs(morning + 11 * 60_000));
    expect(running().ledger()).toMatchObject([{ kind: 'refused', code: 'CELL_MISSING' }]);
    tensors.remove('late', clock.now());
    enter(tensors, 'whole', [1, 2, 3, 4], late);
    await clock.stepTo(epochMs(morning + 16 * 60_000));
    await utility.nth('report', levels);
    expect(utility.on('decline', levels)).toHaveLength(1);
  });

  test('a paused home declines; sharing turned on, it reports', async () => {
    await enrolled();
    await running().sharing.off();
    const round = await utility.announce();
    const levels = { ...bob, round: round.id };
    expect(Decline.decode(await utility.nth('decline', levels)).reason).toBe('paused');
    await running().sharing.on();
    await utility.nth('report', levels);
  });

  test('for the same hours again there is no report', async () => {
    await enrolled();
    const first = await utility.announce();
    await utility.nth('report', { ...bob, round: first.id });
    const second = await utility.announce();
    const levels = { ...bob, round: second.id };
    expect(Decline.decode(await utility.nth('decline', levels)).reason).toBe('spent');
    expect(utility.on('report', levels)).toEqual([]);
    expect(running().ledger()[0]).toMatchObject({ kind: 'refused', code: 'CELL_SPENT', round: second.id });
  });
});

test('a change of tensors brings a new catalogue', async () => {
  await enrolled();
  await utility.nth('catalogue', bob);
  tensors.withdraw('bulb');
  const { payload } = decodeSigned(await utility.nth('catalogue', bob, 2), 'catalogue');
  expect(Catalogue.decode(payload)).toMatchObject({ sequence: morning / 1000 + 1, tensors: [{ id: 'fridge' }] });
});

test('a tariff is stored and shown; an old one does not come back', async () => {
  await enrolled();
  const publish = (sequence: number) =>
    utility.publish('tariff', { cohort }, signJson(utility.coordinator, tariffOf(sequence)));
  await publish(2);
  await eventually(() => running().tariff()?.sequence).toBe(2);
  expect(
    running()
      .tariff()
      ?.prices.map(({ centsPerKwh }) => centsPerKwh),
  ).toEqual([10.6167, 11.3333]);
  await publish(2);
  await publish(1);
  await eventually(() =>
    running()
      .ledger()
      .map((entry) => 'code' in entry && entry.code),
  ).toEqual(['TARIFF_SEQUENCE']);
  expect(running().tariff()?.sequence).toBe(2);
});

function tariffOf(sequence: number) {
  return {
    v: 1 as const,
    type: 'tariff',
    cohort,
    sequence,
    until: morning + 24 * hour,
    event: {
      id: `tariff-${sequence}`,
      objectType: 'EVENT',
      createdDateTime: '2026-11-24T06:00:00Z',
      modificationDateTime: '2026-11-24T06:00:00Z',
      programID: 'tariff',
      payloadDescriptors: [
        { objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType: 'PRICE', units: 'KWH', currency: 'EUR' },
      ],
      intervalPeriod: { start: '2026-11-24T06:00:00Z', duration: 'PT6H' },
      intervals: [0.106167, 0.113333].map((value, id) => ({ id, payloads: [{ type: 'PRICE', values: [value] }] })),
    },
  };
}

describe('a coordinator that says one thing here and another there', () => {
  const refusals = () =>
    running()
      .ledger()
      .flatMap((entry) => (entry.kind === 'refused' ? [entry.code] : []));

  test('another roster on the topic of the one that is named is refused; the right one is taken', async () => {
    await enrolled();
    const { round, signedRoster } = await utility.makeRound();
    const { signedRoster: other } = await utility.makeRound({}, 2);
    const topic = { cohort, hash: toHex(round.roster.hash) };
    await utility.publish('roster', topic, other);
    await utility.publish('round', { cohort, round: round.id }, round.signed);
    await eventually(refusals).toEqual(['ROSTER_NOT_THE_ONE_NAMED']);
    expect(utility.on('report', { ...bob, round: round.id })).toEqual([]);
    await utility.publish('roster', topic, signedRoster);
    await utility.publish('round', { cohort, round: round.id }, round.signed);
    await utility.nth('report', { ...bob, round: round.id });
  });

  test('what stands on the topics of other cohorts and homes is not heard', async () => {
    await enrolled();
    const { round, signedRoster } = await utility.makeRound();
    await utility.publish('roster', { cohort, hash: toHex(round.roster.hash) }, signedRoster);
    await utility.publish('round', { cohort: 'elm-street', round: round.id }, round.signed);
    const heard = await utility.announce();
    const report = await utility.nth('report', { ...bob, round: heard.id });
    await utility.publish('open', { home: 'alice', round: heard.id }, utility.openFor(heard, report));
    await utility.ask(heard, report);
    await utility.nth('answer', { ...bob, round: heard.id });
    expect(utility.on('report', { ...bob, round: round.id })).toEqual([]);
    expect(utility.on('answer', { ...bob, round: heard.id })).toHaveLength(1);
    expect(refusals()).toEqual([]);
  });

  test('an announcement that is cleared and made anew with a lower minimum is refused, and nothing is said twice', async () => {
    await enrolled();
    const round = await utility.announce({ minimum: 4 });
    const topic = { cohort, round: round.id };
    await utility.nth('report', { ...bob, round: round.id });
    await utility.publish('round', topic, '');
    await eventually(() => running().status().rounds).toEqual([]);
    const { round: lower } = await utility.makeRound({ ...round.announce, minimum: 3 });
    await utility.publish('round', topic, lower.signed);
    await eventually(refusals).toEqual(['ROUND_ID_BOUND']);
    await utility.publish('round', topic, round.signed);
    // Said again, as at every connection: it is not proved yet.
    const again = await utility.nth('report', { ...bob, round: round.id }, 2);
    expect(again).toEqual(utility.on('report', { ...bob, round: round.id })[0]);
  });
});

describe('what goes wrong ends nothing', () => {
  test('garbage on every topic it listens to, many times', async () => {
    await enrolled();
    const round = 'ab'.repeat(16);
    const garbage = [Buffer.from('x'), randomBytes(2000), Buffer.alloc(20_000, 0x81), Buffer.from('{"v":1}')];
    for (let n = 0; n < 5; n++) {
      for (const bytes of garbage) {
        await utility.publish('round', { cohort, round }, bytes);
        await utility.publish('result', { cohort, round }, bytes);
        await utility.publish('tariff', { cohort }, bytes);
        await utility.publish('open', { ...bob, round }, bytes);
        await utility.publish('enrolmentReply', bob, bytes);
      }
    }
    const good = await utility.announce();
    await utility.nth('report', { ...bob, round: good.id });
    expect(running().ledger().length).toBeLessThan(10);
  });

  test('a disk that is full keeps everything at home; what was sent stays as it was', async () => {
    await enrolled();
    database.exec("CREATE TRIGGER full BEFORE INSERT ON reports BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    const round = await utility.announce();
    await eventually(() => log.lines.filter((line) => line.includes('disk full')).length).toBe(1);
    expect(utility.on('report', { ...bob, round: round.id })).toEqual([]);
    database.exec('DROP TRIGGER full');
    await utility.publish('round', { cohort, round: round.id }, round.signed);
    await utility.nth('report', { ...bob, round: round.id });
  });

  test('no line of the log holds a value', async () => {
    await enrolled();
    const round = await utility.announce();
    await utility.nth('report', { ...bob, round: round.id });
    const lines = log.lines.join('');
    for (const value of ['5000', '13000', '8000', '9700']) expect(lines).not.toMatch(new RegExp(`\\b${value}\\b`));
  });
});

test('a home that ends says goodbye', async () => {
  await start();
  await utility.nth('status', bob);
  await home?.close();
  home = undefined;
  expect(Status.parse(JSON.parse((await utility.nth('status', bob, 2)).toString())).online).toBe(false);
});

describe('agreement keys', () => {
  const later = (ms: number) => epochMs(morning + ms);
  const shown = async (n: number) => {
    const { payload } = decodeSigned(await utility.nth('agreementKey', bob, n), AgreementKey.type);
    return AgreementKey.decode(payload).sequence;
  };

  test('a key is replaced in time, and the one before answers for its rounds until they have expired', async () => {
    await enrolled();
    const life = 30 * 24 * hour;
    const round = await utility.announce({
      query: { tags: ['#late'], quantity: 'energyImport', unit: 'Wh' },
      deadline: later(life),
      expiry: later(life + 2 * hour),
      grid: { ...day, from: day.from + life - 12 * 24 * hour },
    });
    enter(tensors, 'late', [1, 2, 3, 4], { tags: ['#late'], from: round.announce.grid.from });
    await eventually(() => running().status().rounds.length).toBe(1);
    await clock.stepTo(later(life + hour));
    expect(await shown(2)).toBe((await shown(1)) + life / 1000);
    const report = await utility.nth('report', { ...bob, round: round.id });
    await utility.ask(round, report);
    await utility.nth('answer', { ...bob, round: round.id });
    expect(keyFiles()).toHaveLength(2);
    await clock.stepTo(later(life + 15 * 24 * hour));
    expect(keyFiles()).toEqual([`agreement-${await shown(2)}.key`]);
  });

  test('what the broker keeps of a newer copy of this home is as good as a restore', async () => {
    await enrolled();
    const first = await shown(1);
    const round = await utility.announce({ expiry: later(96 * hour), deadline: later(96 * hour) });
    await utility.nth('report', { ...bob, round: round.id });
    const identity = signingKeyFromPem(readFileSync(join(folder.folder, 'identity.pem'), 'utf8'));
    const newer = { home: 'bob', sequence: first + 500, key: generateAgreement().publicKey };
    // Anyone can put it there; only what is signed by this home counts.
    await utility.publish('agreementKey', bob, signMessage(generateSigningKey(), AgreementKey, newer));
    await utility.publish('agreementKey', bob, signMessage(identity, AgreementKey, newer));
    await eventually(() => running().status().restored).toEqual({
      at: morning,
      cause: 'newer-known',
      spentUntil: morning,
    });
    expect(await shown(4)).toBe(first + 501);
    expect(running().ledger()[0]).toMatchObject({ kind: 'restored', cause: 'newer-known', spentUntil: morning });
    expect(keyFiles()).toEqual([`agreement-${first + 501}.key`]);
    // The old round names a key that is gone.
    await utility.publish('round', { cohort, round: round.id }, round.signed);
    await eventually(() => running().ledger()[0]).toMatchObject({ kind: 'refused', code: 'ROSTER_KEY_REPLACED' });
    expect(running().status().rounds).toEqual([]);
  });

  const keyFiles = () => readdirSync(folder.folder).filter((name) => name.endsWith('.key'));
});
