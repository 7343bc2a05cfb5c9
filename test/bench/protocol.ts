/** The protocol alone, without network and disk: what a home and the coordinator compute in a round. */
import { randomBytes } from 'node:crypto';
import { answerOpen, readAnswer, readOpen } from '../../broker/protocol/answer.ts';
import { makeSet } from '../../broker/protocol/contributor-set.ts';
import { correctable } from '../../broker/protocol/correction.ts';
import { openSums } from '../../broker/protocol/opening.ts';
import { decodeReport } from '../../broker/protocol/report.ts';
import { openRequests } from '../../broker/rounds/open-requests.ts';
import { BareRound } from './bare.ts';
import { CoordinatorRound } from './coordinator-round.ts';
import { atMost, bestMs, bestMsOfEach, type Figure } from './figure.ts';
import { type MadeRound, makeRound, pairKeysIn, reportIn, slots } from './made-round.ts';

export async function measure(): Promise<readonly Figure[]> {
  return [
    // So often that all of it is compiled: in the bare parts, which are a few loops, it is from the first run on.
    ...figuresOf(100, 1000, { report: 3, answer: 3, round: 10, kilobytes: 22 }),
    ...figuresOf(1000, 15, { report: 25, answer: 25, round: 250, kilobytes: 42 }),
  ];
}

/** Of a round's work by that of its bare parts. */
const mostOverhead = 1.5;

interface Goals {
  readonly report: number;
  readonly answer: number;
  readonly round: number;
  readonly kilobytes: number;
}

function figuresOf(homes: number, runs: number, goals: Goals): readonly Figure[] {
  const made = makeRound(homes);
  const { round } = made;
  const figure = (name: string, value: number, unit: string, goal?: number): Figure => ({
    name: `${name}, ${homes} homes, ${slots} values`,
    value,
    unit,
    ...(goal !== undefined && { goal: atMost(goal) }),
  });
  const reports = round.roster.homes.map(({ index }) => reportIn(round, index));
  const { answers, answer, hash } = answersOf(made, reports);
  const pairKeys = pairKeysIn(round, 1);
  const bare = new BareRound(round);
  const home = bestMsOfEach(Math.max(runs, 60), {
    report: () => reportIn(round, 1, pairKeys),
    bareReport: () => bare.report(),
    answer: () => answer(1, pairKeys),
    bareAnswer: () => bare.answer(),
  });
  const coordinator = bestMsOfEach(Math.ceil(runs / 5), {
    round: () => wholeRound(made, reports, answers),
    bareRound: () => bare.coordinate(reports),
  });
  const whole = homes * (home.report + home.answer) + coordinator.round;
  const bareWhole = homes * (home.bareReport + home.bareAnswer) + coordinator.bareRound;
  const { dropouts } = round.sharing;
  return [
    figure("a home's report", home.report, 'ms', goals.report),
    figure("a member's answer", home.answer, 'ms', goals.answer),
    figure(`the coordinator's round, ${dropouts} missing`, coordinator.round, 'ms', goals.round),
    figure('a report on the wire', (reports[0]?.length ?? 0) / 1000, 'kB', goals.kilobytes),
    figure('a report by its bare parts', home.report / home.bareReport, ''),
    figure('an answer by its bare parts', home.answer / home.bareAnswer, ''),
    // It does hardly more than read and move bytes, and memory alone moves them faster.
    figure("the coordinator's round by its bare parts", coordinator.round / coordinator.bareRound, ''),
    figure('the whole round of all homes by its bare parts', whole / bareWhole, '', mostOverhead),
    ...openingFigures(made, new Map([...answers].map(([home, bytes]) => [home, readAnswer(round, hash, bytes)])), runs),
  ];
}

/** The coordinator's requests pass by, as they do when they are published: it never holds all of them. */
function wholeRound(made: MadeRound, reports: readonly Uint8Array[], all: ReadonlyMap<number, Uint8Array>): void {
  const { dropouts } = made.round.sharing;
  let bytes = 0;
  const machine = new CoordinatorRound(made, (_, request) => {
    bytes += request.length;
  });
  const end = machine.run(reports, new Map([...all].filter(([member]) => member > dropouts)));
  if (bytes < reports.length * (reports[0]?.length ?? 0)) throw new Error('not every member was asked');
  const mean = 'result' in end && end.result.state === 'opened' ? end.result.mean[0] : undefined;
  if (Math.abs((mean ?? 0) - 100) > 1e-9) throw new Error('the mean is wrong');
}

/** Everyone's answer, and how one is made. */
function answersOf({ round, coordinator }: MadeRound, reports: readonly Uint8Array[]) {
  const salts = reports.map((bytes, at) => ({ index: at + 1, salt: decodeReport(round, bytes).salt }));
  const set = makeSet(coordinator, round, salts);
  const members = round.roster.homes.map(({ index }) => index);
  const requestOf = openRequests(round, set, reports, members);
  const first = requestOf(1);
  const answer = (index: number, pairKeys = pairKeysIn(round, index)) => {
    const read = readOpen(round, coordinator.publicKey, index === 1 ? first : requestOf(index));
    const outcome = answerOpen(round, index, pairKeys, read);
    if (!('answer' in outcome)) throw new Error('a share did not open');
    return outcome.answer;
  };
  return { answers: new Map(members.map((index) => [index, answer(index)] as const)), answer, hash: set.hash };
}

/** Where everyone answers, rightly or as many wrongly as can be found. */
function openingFigures(
  { round: { sharing, length } }: MadeRound,
  sums: ReadonlyMap<number, Uint8Array>,
  runs: number,
): Figure[] {
  const wrong = correctable(sharing, sums.size);
  // Evenly spread over the roster.
  const liars = new Set(Array.from({ length: wrong }, (_, at) => 1 + Math.floor((at * sums.size) / wrong)));
  const withErrors = new Map([...sums].map(([home, bytes]) => [home, liars.has(home) ? falsified(bytes) : bytes]));
  const open = (answers: ReadonlyMap<number, Uint8Array>, expected: number) => {
    const opened = openSums(sharing, length, answers);
    if ('offPolynomial' in opened || opened.inconsistent.length !== expected) throw new Error('not opened rightly');
  };
  const right = bestMs(runs, () => open(sums, 0));
  const wrongMs = bestMs(runs, () => open(withErrors, wrong));
  const of = `the opening, all ${sums.size} homes answer`;
  return [
    { name: of, value: right, unit: 'ms' },
    { name: `${of}, ${wrong} wrongly`, value: wrongMs, unit: 'ms' },
    { name: `${of}, ${wrong} wrongly by none`, value: wrongMs / right, unit: '', goal: atMost(3) },
  ];
}

/** Another canonical answer. */
function falsified(bytes: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(randomBytes(bytes.length));
  // Below every prime in all three residues: the highest bit of each is clear.
  for (let at = 0; at < changed.length; at += 8) {
    changed[at + 2] = (changed[at + 2] as number) & 0b1110_1111;
    changed[at + 5] = (changed[at + 5] as number) & 0b1111_1101;
    changed[at + 7] = (changed[at + 7] as number) & 0b0011_1111;
  }
  return changed;
}
