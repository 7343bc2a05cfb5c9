/** The protocol alone, without network and disk: what a home and the coordinator compute in a round. */
import { randomBytes } from 'node:crypto';
import { type AgreementSecret, generateAgreement, pairKeysOf } from '../../broker/protocol/agreement.ts';
import { answerOpen, readAnswer, readOpen } from '../../broker/protocol/answer.ts';
import { epochMs } from '../../broker/protocol/clock.ts';
import { makeSet } from '../../broker/protocol/contributor-set.ts';
import { openSums } from '../../broker/protocol/opening.ts';
import { decodeReport, makeReport } from '../../broker/protocol/report.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import { checkAnnounce, makeAnnounce, type Round } from '../../broker/protocol/round.ts';
import { defaultSharing, drawResidues } from '../../broker/protocol/sharing.ts';
import { generateSigningKey, type SigningKey } from '../../broker/protocol/signing.ts';
import { statisticsOf } from '../../broker/protocol/statistics.ts';
import { encodeVector } from '../../broker/protocol/vector.ts';
import { openRequests } from '../../broker/rounds/open-requests.ts';
import { atMost, bestMs, type Figure } from './figure.ts';

const slots = 96;
const quarterHour = 900_000;
const from = 1_798_761_600_000;

interface Cohort {
  readonly round: Round;
  readonly coordinator: SigningKey;
  readonly secrets: readonly AgreementSecret[];
}

export async function measure(): Promise<readonly Figure[]> {
  return [
    ...figuresOf(100, 200, { report: 3, answer: 3, round: 10, kilobytes: 22 }, 1),
    ...figuresOf(1000, 7, { report: 25, answer: 25, round: 250, kilobytes: 42 }, 2),
  ];
}

interface Goals {
  readonly report: number;
  readonly answer: number;
  readonly round: number;
  readonly kilobytes: number;
}

/** @param allowance a figure counts as met within this multiple of its goal */
function figuresOf(homes: number, runs: number, goals: Goals, allowance: number): readonly Figure[] {
  const cohort = makeCohort(homes);
  const { round } = cohort;
  const pairKeys = cohort.secrets.map((secret) => pairKeysOf(secret, round.roster));
  const values = Array.from({ length: slots }, (_, index) => 100 + index / 10);

  const report = (index: number) =>
    makeReport(
      round,
      index,
      pairKeys[index - 1] ?? [],
      encodeVector(round.announce, values),
      randomBytes(16),
      drawResidues(round.sharing, round.blocks, randomBytes),
    );
  const reportMs = bestMs(runs, () => report(1));
  const reports = Array.from({ length: homes }, (_, index) => report(index + 1));

  const assembled = assemble(cohort, reports);
  const own = assembled.opens[homes - 1] ?? new Uint8Array();
  const answer = (index: number, open: Uint8Array) => {
    const read = readOpen(round, cohort.coordinator.publicKey, open);
    const outcome = answerOpen(round, index, pairKeys[index - 1] ?? [], read);
    if (!('answer' in outcome)) throw new Error('a share did not open');
    return outcome.answer;
  };
  const answerMs = bestMs(runs, () => answer(homes, own));
  const answers = new Map(
    assembled.opens.slice(round.sharing.dropouts).map((open, index) => {
      const home = index + 1 + round.sharing.dropouts;
      return [home, answer(home, open)] as const;
    }),
  );

  const roundMs = bestMs(runs, () => {
    const { set } = assemble(cohort, reports);
    const sums = new Map([...answers].map(([home, bytes]) => [home, readAnswer(round, set.hash, bytes)]));
    const opened = openSums(round.sharing, round.length, sums);
    if (!('integers' in opened)) throw new Error('the answers lie off the polynomial');
    const statistics = statisticsOf(round.announce, homes, opened.integers);
    if (Math.abs((statistics?.mean[0] ?? 0) - 100) > 1e-9) throw new Error('the mean is wrong');
  });
  const figure = (name: string, value: number, unit: string, goal: number): Figure => ({
    name: `${name}, ${homes} homes, ${slots} values`,
    value,
    unit,
    goal: atMost(goal * allowance),
  });
  return [
    figure("a home's report", reportMs, 'ms', goals.report),
    figure("a member's answer", answerMs, 'ms', goals.answer),
    figure(`the coordinator's round, ${round.sharing.dropouts} missing`, roundMs, 'ms', goals.round),
    {
      ...figure('a report on the wire', (reports[0]?.length ?? 0) / 1000, 'kB', goals.kilobytes),
      goal: atMost(goals.kilobytes),
    },
  ];
}

function assemble({ round, coordinator }: Cohort, reports: readonly Uint8Array[]) {
  const salts = reports.map((bytes, at) => ({ index: at + 1, salt: decodeReport(round, bytes).salt }));
  const set = makeSet(coordinator, round, salts);
  const requestOf = openRequests(round, set, reports);
  const opens = round.roster.homes.map(({ index }) => requestOf(index));
  return { set, opens };
}

function makeCohort(homes: number): Cohort {
  const coordinator = generateSigningKey();
  const secrets = Array.from({ length: homes }, () => generateAgreement());
  const roster: AcceptedRoster = {
    cohort: 'bench',
    epoch: 1,
    hash: randomBytes(32),
    homes: secrets.map(({ publicKey }, index) => ({
      index: index + 1,
      id: `home-${String(index + 1).padStart(4, '0')}`,
      identity: randomBytes(32),
      agreement: publicKey,
      sequence: 1,
    })),
  };
  const end = from + slots * quarterHour;
  const signed = makeAnnounce(coordinator, {
    id: randomBytes(16),
    cohort: roster.cohort,
    roster: roster.hash,
    query: { tags: ['#energy-consumption'], quantity: 'energyImport', unit: 'Wh' },
    grid: { from, step: quarterHour, slots },
    resolution: [1, -1],
    limit: 100_000,
    statistics: {},
    ...defaultSharing(homes),
    minimum: 15,
    deadline: end + 3_600_000,
    expiry: end + 86_400_000,
  });
  const round = checkAnnounce(signed, {
    coordinator: coordinator.publicKey,
    cohort: roster.cohort,
    now: epochMs(end),
    collusionDivisor: 3,
    roster: () => roster,
  });
  return { round, coordinator, secrets };
}
